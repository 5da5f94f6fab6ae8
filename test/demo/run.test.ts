import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runDemo } from '../../src/demo/run.ts';
import { BUNDLE, CACHE_ENVIRONMENT, repositoryFile } from '../support/bridge-process.ts';

const specPath = repositoryFile('specs/weather.yaml');

describe('the demonstration', () => {
  beforeAll(() => vi.stubEnv('HOME', CACHE_ENVIRONMENT['XDG_CACHE_HOME']));
  afterAll(() => vi.unstubAllEnvs());

  it('lists the tools, calls both and prints a block that starts this installation', async () => {
    let text = '';
    await runDemo({
      command: [process.execPath, BUNDLE],
      specPath,
      write: (more) => {
        text += more;
      },
    });
    expect(text).toContain('get_weather(city, units?)');
    expect(text).toContain('"country": "Portugal"');
    expect(text).toContain('"chance_of_rain"');
    const block = JSON.parse(/^\{\n {2}"mcpServers"[\s\S]*?^\}$/m.exec(text)![0]) as {
      mcpServers: { weather: { command: string; args: string[] } };
    };
    const { command, args } = block.mcpServers.weather;
    for (const path of [command, ...args]) expect(isAbsolute(path) && existsSync(path)).toBe(true);
  });

  it('fails when the bridge does not start', async () => {
    const command = [process.execPath, '-e', 'process.exit(1)'];
    await expect(runDemo({ command, specPath, write: () => undefined })).rejects.toThrow();
  });
});
