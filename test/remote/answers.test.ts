import { describe, expect, it } from 'vitest';
import { mcpResponse, readMcpResponse } from '../../src/call/mcp-request.ts';
import { mask } from '../../src/call/middleware/mask.ts';
import { renderResult } from '../../src/call/render.ts';
import type { CallResult, Content, ContentBlock } from '../../src/call/types.ts';
import { createSecretRegistry } from '../../src/secrets.ts';
import { answerFor } from '../../src/serve/api-answer.ts';

const TEXT: ContentBlock = { type: 'text', text: 'hello' };
const IMAGE: ContentBlock = { type: 'image', data: Buffer.from('png').toString('base64'), mimeType: 'image/png' };
const LINK: ContentBlock = { type: 'resource_link', uri: 'a+x://1', name: 'one' };

function ok(blocks: readonly ContentBlock[], structured?: unknown): CallResult {
  const content: Content = { kind: 'mcp', blocks, ...(structured === undefined ? {} : { structured }) };
  return { kind: 'ok', status: 200, statusText: '', content };
}

describe('an answer of a server', () => {
  it.each([
    ['text', { content: [TEXT] }, 'ok', [TEXT]],
    ['a failure', { content: [TEXT], isError: true }, 'refused', [TEXT]],
    ['no content', {}, 'ok', []],
    [
      'a block of a kind that nobody knows',
      { content: [{ type: 'hologram', x: 1 }] },
      'ok',
      [{ type: 'text', text: '{"type":"hologram","x":1}' }],
    ],
    [
      'a block that is none',
      { content: [null, { type: 'text' }] },
      'ok',
      [
        { type: 'text', text: 'null' },
        { type: 'text', text: '{"type":"text"}' },
      ],
    ],
  ])('with %s is read', (_, result, kind, blocks) => {
    expect(readMcpResponse(mcpResponse({ result }))).toMatchObject({ kind, content: { kind: 'mcp', blocks } });
  });

  it('that is an error of the protocol says so', () => {
    expect(readMcpResponse(mcpResponse({ error: { code: -32601, message: 'No such method' } }))).toMatchObject({
      kind: 'failed',
      error: {
        code: 'MCP_REFUSED',
        rpcCode: -32601,
        message: expect.stringContaining('No such method'),
        retryable: false,
      },
    });
  });
});

describe('for a model', () => {
  it.each([
    ['blocks pass as they are', ok([TEXT, IMAGE, LINK]), { content: [TEXT, IMAGE, LINK] }],
    ['structure alone is told in words', ok([], { n: 1 }), { content: [{ type: 'text', text: '{"n":1}' }] }],
    ['nothing is told as nothing', ok([]), { content: [{ type: 'text', text: '(no content)' }] }],
  ])('%s', (_, result, rendered) => {
    expect(renderResult(result, { structured: false })).toEqual(rendered);
  });

  it.each([
    ['its structured content', ok([TEXT], { n: 1 }), { n: 1 }],
    ['its JSON', ok([{ type: 'text', text: '{"n":2}' }]), { n: 2 }],
    ['an array', ok([TEXT], [1]), { result: [1] }],
    ['an empty object where it has none', ok([TEXT]), {}],
  ])('a tool that declares its answers gives %s', (_, result, structuredContent) => {
    expect(renderResult(result, { structured: true }).structuredContent).toEqual(structuredContent);
  });

  it('long JSON is shortened as JSON, long text as text', () => {
    const long = JSON.stringify({ items: Array.from({ length: 30_000 }, (_, id) => ({ id })) });
    const { content } = renderResult(
      ok([
        { type: 'text', text: long },
        { type: 'text', text: 'x'.repeat(200_000) },
      ]),
      {
        structured: false,
      },
    );
    const [json, text] = content as readonly { readonly text: string }[];
    expect(JSON.parse(json!.text.slice(json!.text.indexOf('\n') + 1))).toHaveProperty('items');
    expect(text!.text.length).toBeLessThan(110_000);
  });
});

describe('over plain HTTP', () => {
  const answer = (result: CallResult) =>
    answerFor({ tool: {} as never, result, requestId: 'r', trace: { attempts: 1, cached: false, timings: {} }, ms: 1 });

  it.each([
    ['structure is JSON', ok([{ type: 'text', text: 'three' }], { n: 3 }), 200, 'application/json', '{"n":3}'],
    ['JSON in text is JSON', ok([{ type: 'text', text: ' {"n": 3}' }]), 200, 'application/json', '{"n":3}'],
    ['text is text', ok([TEXT, TEXT]), 200, 'text/plain; charset=utf-8', 'hello\nhello'],
    ['one image is its bytes', ok([IMAGE]), 200, 'image/png', 'png'],
    ['a mixture is the blocks', ok([TEXT, LINK]), 200, 'application/json', JSON.stringify({ content: [TEXT, LINK] })],
    [
      'a failure is 422',
      { ...ok([TEXT]), kind: 'refused', status: 422 } as CallResult,
      422,
      'text/plain; charset=utf-8',
      'hello',
    ],
  ])('%s', (_, result, status, type, body) => {
    const found = answer(result);
    expect([found.status, found.headers['content-type'], Buffer.from(found.body!).toString()]).toEqual([
      status,
      type,
      body,
    ]);
  });

  it('an error of the protocol is 502', () => {
    expect(answer(readMcpResponse(mcpResponse({ error: { code: -32000, message: 'no' } })))).toMatchObject({
      status: 502,
    });
  });
});

it('secrets are taken out of texts and structure, bytes stay as they are', async () => {
  const secrets = createSecretRegistry();
  secrets.register('sesame-42');
  const result = ok(
    [
      { type: 'text', text: 'it is sesame-42' },
      { type: 'image', data: 'c2VzYW1lLTQy', mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'x://sesame-42', blob: 'c2VzYW1lLTQy' } },
    ],
    { key: 'sesame-42' },
  );
  expect(await mask(secrets.createMasker())(async () => result)({} as never)).toMatchObject({
    content: {
      blocks: [{ text: 'it is ***' }, { data: 'c2VzYW1lLTQy' }, { resource: { uri: 'x://***', blob: 'c2VzYW1lLTQy' } }],
      structured: { key: '***' },
    },
  });
});
