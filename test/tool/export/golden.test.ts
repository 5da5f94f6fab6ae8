import { describe, expect, it } from 'vitest';
import { type DialectName, exportTools } from '../../../src/tool/export/index.ts';
import { repositoryFile } from '../../support/bridge-process.ts';
import { compileFile } from '../../support/documents.ts';

const FILES = ['specs/weather.yaml', 'specs/todo-action.yaml', 'test/fixtures/export.yaml'];
const DIALECTS: readonly DialectName[] = ['mcp', 'openai', 'responses', 'anthropic', 'gemini'];

/** `npx vitest run test/tool/export/golden.test.ts -u` rewrites the files: read what changed. */
describe.each(FILES)('%s', (file) => {
  it.each(DIALECTS)('is for %s what the file under test/golden/export says', async (dialect) => {
    const { tools } = await compileFile(repositoryFile(file));
    const { document, warnings } = exportTools(dialect, tools);
    const name = /([^/]+)\.yaml$/.exec(file)![1]!;
    const lines = warnings.map(({ tool, pointer, code, message }) => `${tool}#${pointer}: ${code}: ${message}`);
    const text = `${JSON.stringify({ document, warnings: lines }, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(repositoryFile(`test/golden/export/${name}.${dialect}.json`));
  });
});
