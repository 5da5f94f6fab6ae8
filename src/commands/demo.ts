import { fileURLToPath } from 'node:url';
import { runDemo } from '../demo/run.ts';
import type { Command } from './table.ts';

/** The main job on what ships: `npm start`. */
export const demo: Command = async () => {
  await runDemo({
    command: [process.execPath, fileURLToPath(new URL('../actionbridge.mjs', import.meta.url))],
    specPath: fileURLToPath(new URL('../../specs/weather.yaml', import.meta.url)),
    write: (text) => process.stdout.write(text),
  });
  return 0;
};
