import { describe, expect, it, test } from 'vitest';
import { readContent } from '../../src/call/receive.ts';
import { renderResult } from '../../src/call/render.ts';
import { MAX_TEXT, shapeJson } from '../../src/call/shape.ts';
import type { CallResult, Content } from '../../src/call/types.ts';

const read = (type: string, body: string | Uint8Array, status = 200) =>
  readContent({
    status,
    headers: type === '' ? {} : { 'content-type': type },
    body: typeof body === 'string' ? Buffer.from(body) : body,
  });

describe('readContent', () => {
  test.each<[string, string | Uint8Array, Partial<Content> | object]>([
    ['application/json', '{"a":1}', { kind: 'json', value: { a: 1 }, text: '{"a":1}' }],
    ['application/problem+json; charset=utf-8', '[]', { kind: 'json', value: [] }],
    ['application/json', 'null', { kind: 'json', value: null }],
    ['application/json', 'oops', { kind: 'text', text: 'oops' }],
    ['application/json', '', { kind: 'none' }],
    ['text/plain; charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1'), { kind: 'text', text: 'café' }],
    ['text/plain; charset=no-such-thing', 'x', { kind: 'text', text: 'x' }],
    ['image/png', Buffer.from([1, 2]), { kind: 'image', mediaType: 'image/png' }],
    ['image/svg+xml', '<svg/>', { kind: 'text', text: '<svg/>' }],
    ['audio/wav', Buffer.from([1]), { kind: 'audio' }],
    ['application/pdf', Buffer.from('%PDF'), { kind: 'binary', mediaType: 'application/pdf' }],
    ['application/xml', '<a/>', { kind: 'text' }],
    ['application/x-ndjson', '{"a":1}\n\n{"a":2}\n', { kind: 'json', value: [{ a: 1 }, { a: 2 }] }],
    [
      'text/event-stream',
      'event: x\ndata: {"a":1}\n\ndata: two\ndata: lines\n\n: comment\n\n',
      { kind: 'json', value: [{ event: 'x', data: { a: 1 } }, { data: 'two\nlines' }] },
    ],
    ['', '{"a":1}', { kind: 'json', value: { a: 1 } }],
    ['', 'plain', { kind: 'text', text: 'plain' }],
    ['', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xff]), { kind: 'binary' }],
  ])('it reads %s %s', (type, body, content) => {
    expect(read(type, body)).toMatchObject(content);
  });

  test.each([
    ['attachment; filename="a b.pdf"', 'a b.pdf'],
    ["attachment; filename=x; filename*=UTF-8''%C3%A4.pdf", 'ä.pdf'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
  ])('it reads the file name of %s', (disposition, filename) => {
    expect(
      readContent({
        status: 200,
        headers: { 'content-type': 'application/pdf', 'content-disposition': disposition },
        body: Buffer.from('x'),
      }),
    ).toMatchObject({ filename });
  });
});

describe('renderResult', () => {
  const ok = (content: Content, status = 200): CallResult => ({ kind: 'ok', status, statusText: '', content });
  const text = (result: CallResult) =>
    renderResult(result, { structured: false }).content.map((part) => ('text' in part ? part.text : part.type));
  test.each<[string, CallResult, string[]]>([
    ['JSON', ok({ kind: 'json', value: { a: 1 }, text: '{"a": 1}' }), ['{"a": 1}']],
    ['no content', ok({ kind: 'none' }, 204), ['HTTP 204 No Content']],
    [
      'an image',
      ok({ kind: 'image', bytes: Buffer.from('x'), mediaType: 'image/png' }),
      ['image/png, 1 bytes', 'image'],
    ],
    [
      'bytes',
      ok({ kind: 'binary', bytes: Buffer.from('x'), mediaType: 'application/pdf', filename: 'a.pdf' }),
      ['application/pdf, 1 bytes, a.pdf', 'resource'],
    ],
    ['a redirect', ok({ kind: 'text', text: 'moved', mediaType: 'text/plain' }, 302), ['HTTP 302\nmoved']],
  ])('it shows %s', (_, result, shown) => {
    expect(text(result)).toEqual(shown);
  });

  it('it marks what the API refused as an error, with status, body and hint', () => {
    const result = renderResult(
      { kind: 'refused', status: 404, statusText: 'Not Found', content: { kind: 'json', value: {}, text: '{"e":1}' } },
      { structured: true },
    );
    expect(result).toEqual({
      isError: true,
      content: [
        {
          type: 'text',
          text: 'HTTP 404 Not Found\n{"e":1}\nThere is nothing under these arguments: check ids and names.',
        },
      ],
    });
  });

  it('it gives structured content only where it is declared, rooted in an object', () => {
    expect(renderResult(ok({ kind: 'json', value: [1], text: '[1]' }), { structured: true }).structuredContent).toEqual(
      { result: [1] },
    );
    expect(
      renderResult(ok({ kind: 'json', value: [1], text: '[1]' }), { structured: false }).structuredContent,
    ).toBeUndefined();
  });
});

describe('shapeJson', () => {
  it('it never cuts inside JSON, and says what it left out', () => {
    const value = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `name ${id}`, tags: ['a', 'b'] }));
    const shaped = shapeJson(value, JSON.stringify(value));
    const [note, json] = [shaped.slice(0, shaped.indexOf('\n')), shaped.slice(shaped.indexOf('\n') + 1)];
    expect(shaped.length).toBeLessThanOrEqual(MAX_TEXT);
    expect(note).toMatch(/19900 array items/);
    expect(JSON.parse(json)[0]).toEqual(value[0]);
  });

  test.each([
    ['one long text', { a: 'x'.repeat(500_000) }],
    ['a wide object', Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, index]))],
    ['deep lists', JSON.parse(`${'['.repeat(500)}"${'x'.repeat(200_000)}"${']'.repeat(500)}`)],
  ])('it brings %s under the limit', (_, value) => {
    expect(shapeJson(value, JSON.stringify(value)).length).toBeLessThanOrEqual(MAX_TEXT);
  });
});
