import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod/v4';
import { configSchema } from '../../src/config/file-schema.ts';
import { repositoryFile } from '../support/bridge-process.ts';

const FILE = repositoryFile('actionbridge.schema.json');

/** `UPDATE=1 npx vitest run test/config` writes the file anew. */
test('it describes every key of the config file in actionbridge.schema.json', () => {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const text = `${JSON.stringify({ title: 'actionbridge.yaml', ...schema }, null, 2)}\n`;
  if (process.env['UPDATE']) writeFileSync(FILE, text);
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(text));
});
