import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validateForEditor } from '../../src/actions/editor/validate.ts';
import { fixForEditor } from '../../src/actions/write/fix.ts';
import { loadSpec } from '../../src/spec/load.ts';
import { readSpec } from '../../src/spec/read-spec.ts';
import { SHARED } from '../support/documents.ts';

const CORPUS = existsSync(SHARED)
  ? (readdirSync(join(SHARED, 'gpt-actions'), { recursive: true }) as string[])
      .filter((file) => /openapi\.(?:ya?ml|json)$/.test(file))
      .map((file) => join('gpt-actions', file))
      .concat(
        readdirSync(join(SHARED, 'specs/real'))
          .filter((file) => /\.(?:ya?ml|json)$/.test(file))
          .map((file) => join('specs/real', file)),
      )
  : [];

describe.skipIf(CORPUS.length === 0)('a document that was fixed', () => {
  it.each(CORPUS)('%s passes', async (file) => {
    const spec = await loadSpec(join(SHARED, file), {});
    const { documents, losses } = fixForEditor(spec, { baseUrl: 'https://api.example.com', variables: {} });
    for (const { name, document, operations } of documents) {
      expect(operations).toBeLessThanOrEqual(30);
      const findings = validateForEditor(readSpec(JSON.stringify(document), { name }));
      expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    }
    expect(losses.every(({ pointer }) => typeof pointer === 'string')).toBe(true);
  });
});
