import { describe, expect, it } from 'vitest';
import { permits } from '../../src/serve/caller.ts';
import type { Tool } from '../../src/tool/types.ts';
import { compileDocument } from '../support/documents.ts';

const HINTS = { readOnly: true, destructive: false, idempotent: true, openWorld: true };

/** The tool of an operation that says more about itself in the extension of our exports. */
async function toolOf(extension: unknown, operation: object = {}): Promise<Tool> {
  const { tools } = await compileDocument({
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    servers: [{ url: 'https://a.example.com' }],
    paths: {
      '/api/x': {
        post: {
          operationId: 'x',
          description: 'Cut…',
          requestBody: {
            content: { 'application/json': { schema: { type: 'object', properties: { a: { type: 'string' } } } } },
          },
          responses: {},
          'x-actionbridge': extension,
          ...operation,
        },
      },
    },
  });
  return tools[0]!;
}

describe('the extension of our exports', () => {
  it('gives the whole text and schema', async () => {
    const input = { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] };
    const tool = await toolOf({ description: 'Not cut at all.', input });
    expect(tool.description).toBe('Not cut at all.');
    expect(tool.input).toEqual({ type: 'object', properties: { b: { type: 'integer' } }, additionalProperties: false });
  });

  it.each([null, 'text', [], { description: 7, input: 'x', hints: [] }, { input: [] }])(
    'is passed by when it is %j',
    async (extension) => {
      const tool = await toolOf(extension);
      expect(tool).toMatchObject({ description: 'Cut…', hints: { readOnly: false, destructive: false } });
      expect(Object.keys(tool.input.properties)).toEqual(['a']);
    },
  );

  it('is believed to be read-only only of what is declared to be without consequences', async () => {
    const flag = (value: boolean) => ({ 'x-openai-isConsequential': value });
    expect((await toolOf({ hints: HINTS }, flag(false))).hints).toEqual(HINTS);
    expect((await toolOf({ hints: HINTS }, flag(true))).hints.readOnly).toBe(false);
    expect((await toolOf({ hints: HINTS })).hints.readOnly).toBe(false);
  });

  it('opens nothing to a caller who may only read, and asks no less', async () => {
    const tool = await toolOf({ hints: HINTS }, { 'x-openai-isConsequential': false });
    expect(permits({ readOnly: true }, tool)).toBe(false);
    expect(permits({}, tool)).toBe(true);
    const flagged = await toolOf({ hints: HINTS }, { 'x-openai-isConsequential': true });
    expect(flagged.confirmation).toMatchObject({ cannotAsk: 'two-step', rememberable: false });
  });

  it('leads nowhere outside the document', async () => {
    const input = { type: 'object', properties: { b: { $ref: 'file:///etc/passwd' } } };
    const tool = await toolOf({ input });
    expect(JSON.stringify(tool.input)).not.toContain('passwd');
  });
});
