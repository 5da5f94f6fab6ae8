import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { BUNDLE, CACHE_ENVIRONMENT, repositoryFile } from '../support/bridge-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'actionbridge-readme-'));
for (const name of ['specs', 'examples']) symlinkSync(repositoryFile(name), join(folder, name));
afterAll(() => rmSync(folder, { recursive: true }));

/** The commands of the section, as a shell runs them; `claude` only shows what it was told. */
const [section] = readFileSync(repositoryFile('README.md'), 'utf8')
  .split(/^## /m)
  .filter((part) => part.startsWith('From a custom GPT to Claude'));
const blocks = [...section!.matchAll(/```sh\n([^`]*)```/g)].map(([, commands]) => commands!);
const PREAMBLE = `set -e
actionbridge() { "${process.execPath}" "${BUNDLE}" "$@"; }
claude() { echo "claude $*"; }
`;

async function run(commands: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-c', PREAMBLE + commands], {
    cwd: folder,
    env: { ...process.env, ...CACHE_ENVIRONMENT },
  });
  return stdout;
}

describe('the README, "From a custom GPT to Claude in one minute"', () => {
  it('brings a GPT over', async () => {
    const said = await run(blocks[0]!);
    expect(said).toContain('TO_DO_KEEPER_BEARER_AUTH');
    expect(said).toMatch(/GET https:\/\/todo\.example\.com\/api\/todos/);
    expect(said).toContain(`claude mcp add todo -- actionbridge ${folder}/examples/todo-gpt.json`);
    expect(said).not.toContain('token-of-the-api');
  });

  it('brings tools back', async () => {
    const said = await run(blocks[1]!);
    expect(said).toContain('gpt/pet_store.gpt-action.json: written, 18 operations; the GPT editor takes it');
    const names = async (file: string) =>
      JSON.parse(await run(`actionbridge tools ${file} --format mcp`)) as { name: string }[];
    const [before, after] = [await names('specs/petstore.yaml'), await names('petstore.json')];
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
  });
});
