import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { mask } from '../../src/call/middleware/mask.ts';
import { readContent } from '../../src/call/receive.ts';
import { renderResult } from '../../src/call/render.ts';
import type { CallResult, Content } from '../../src/call/types.ts';
import { visibleContent } from '../../src/call/visible.ts';
import { longText } from '../../src/call-outcome.ts';
import { createMasker, registerSecret } from '../../src/secrets.ts';
import { answerFor } from '../../src/serve/api-answer.ts';

const read = (type: string, body: string | Uint8Array) =>
  readContent({ status: 200, headers: { 'content-type': type }, body: Buffer.from(body as string, 'latin1') });
const lines = (...each: string[]) => each.join('\r\n');
const ok = (content: Content): CallResult => ({ kind: 'ok', status: 200, statusText: 'OK', content });
const shown = (content: Content) => renderResult(ok(content), { structured: false }).content;

const MIXED = lines(
  'before the first: nobody reads it',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'two\r\nlines',
  '--b  ',
  'content-type: image/png',
  'Content-Transfer-Encoding: base64',
  '',
  'AQI=',
  '--b',
  'Content-Type: application/json',
  'Content-Disposition: form-data;',
  '  name="meta"',
  '',
  '{"a":1}',
  '--b',
  'Content-Type: application/pdf',
  'Content-Disposition: attachment; filename="a.pdf"',
  '',
  '%PDF',
  '--b--',
  'after the last',
);

describe('a multipart answer', () => {
  it('is shown part by part: text, image, JSON under its name, other bytes as a resource', () => {
    expect(shown(read('multipart/mixed; boundary=b', MIXED))).toEqual([
      { type: 'text', text: 'multipart/mixed, 4 parts' },
      { type: 'text', text: 'two\r\nlines' },
      { type: 'text', text: 'image/png, 2 bytes' },
      { type: 'image', data: 'AQI=', mimeType: 'image/png' },
      { type: 'text', text: 'meta:\n{"a":1}' },
      { type: 'text', text: 'application/pdf, 4 bytes, a.pdf' },
      {
        type: 'resource',
        resource: { uri: 'actionbridge://responses/a.pdf', mimeType: 'application/pdf', blob: 'JVBERg==' },
      },
    ]);
  });

  test.each<[string, string, string, object]>([
    ['bare line ends', 'multipart/mixed; boundary=b', '--b\n\none\n--b\n\ntwo\n--b--', texts('one', 'two')],
    ['a quoted boundary', 'multipart/related; type="a/b"; boundary="a b"', '--a b\r\n\r\none\r\n--a b--', texts('one')],
    ['parts without headers', 'multipart/mixed; boundary=b', '--b\r\n\r\none\r\n--b--', texts('one')],
    ['a delimiter inside a line', 'multipart/mixed; boundary=b', '--b\r\n\r\nx --b--\r\n--b--', texts('x --b--')],
    ['a longer boundary inside', 'multipart/mixed; boundary=b', '--b\r\n\r\n--bc\r\n--b--', texts('--bc')],
    [
      'an empty part',
      'multipart/mixed; boundary=b',
      '--b\r\n\r\n\r\n--b--',
      { parts: [{ content: { kind: 'none' } }] },
    ],
    [
      'one inside another',
      'multipart/mixed; boundary=b',
      lines(
        '--b',
        'content-type: multipart/alternative; boundary=c',
        '',
        '--c',
        '',
        'in',
        '--c--',
        '--b',
        '',
        'out',
        '--b--',
      ),
      texts('in', 'out'),
    ],
    [
      'a Content-ID',
      'multipart/related; boundary=b',
      '--b\r\ncontent-id: <one>\r\n\r\nx\r\n--b--',
      { parts: [{ name: '<one>', content: { text: 'x' } }] },
    ],
    ['no boundary', 'multipart/mixed', '--b\r\n\r\none\r\n--b--', { kind: 'binary' }],
    ['another boundary', 'multipart/mixed; boundary=c', '--b\r\n\r\none\r\n--b--', { kind: 'binary' }],
    ['no end', 'multipart/mixed; boundary=b', '--b\r\n\r\none\r\n', { kind: 'binary' }],
    ['nothing in it', 'multipart/mixed; boundary=b', '--b--', { kind: 'binary' }],
    ['too many parts', 'multipart/mixed; boundary=b', `${'--b\r\n\r\nx\r\n'.repeat(101)}--b--`, { kind: 'binary' }],
  ])('with %s is read', (_, type, body, content) => {
    expect(read(type, body)).toMatchObject(content);
  });

  it('that is nested without end is the file it is', () => {
    let body = 'deep';
    for (const boundary of ['e', 'd', 'c', 'b'])
      body = lines(
        `--${boundary}`,
        `content-type: multipart/mixed; boundary=${nextOf(boundary)}`,
        '',
        body,
        `--${boundary}--`,
      );
    expect(read('multipart/mixed; boundary=b', body)).toMatchObject({ parts: [{ content: { kind: 'binary' } }] });
  });

  it('loses what is not seen, and secrets, in each part', async () => {
    registerSecret('multipart-secret-1');
    const body = lines('--b', '', 'a\u200bb multipart-secret-1', '--b--');
    const content = readContent({
      status: 200,
      headers: { 'content-type': 'multipart/mixed; boundary=b' },
      body: Buffer.from(body),
    });
    const { content: seen, removed } = visibleContent(content);
    expect(removed).toBe(1);
    const result = await mask(createMasker())(async () => ok(seen))({} as never);
    expect(JSON.stringify(renderResult(result, { structured: false }))).not.toContain('multipart-secret-1');
    expect(renderResult(result, { structured: false }).content[1]).toMatchObject({
      text: expect.stringMatching(/^ab /),
    });
  });

  it('is kept whole when its texts are too long to be shown', () => {
    const content = read('multipart/mixed; boundary=b', lines('--b', '', 'x'.repeat(100_001), '--b--'));
    expect(longText(ok(content))).toMatchObject({ mediaType: 'text/plain' });
    expect(longText(ok(read('multipart/mixed; boundary=b', MIXED)))).toBeUndefined();
  });

  it('goes through the HTTP API as it came', () => {
    const type = 'multipart/mixed; boundary=b';
    const { headers, body } = answerFor({ result: ok(read(type, MIXED)), requestId: 'r' } as never);
    expect(headers).toMatchObject({ 'content-type': type });
    expect(Buffer.from(body as Uint8Array).toString()).toBe(MIXED);
  });

  it('of any bytes is read or left alone, never thrown at', () => {
    const bytes = fc.array(
      fc.constantFrom('--b', '--', '\r\n', '\n', 'x', ': ', 'content-type: multipart/mixed; boundary=b'),
    );
    fc.assert(
      fc.property(bytes, (pieces) => {
        const { kind } = read('multipart/mixed; boundary=b', pieces.join(''));
        expect(['multipart', 'binary', 'none']).toContain(kind);
      }),
      { numRuns: 1_000 },
    );
  });
});

function texts(...each: string[]): object {
  return { kind: 'multipart', parts: each.map((text) => ({ content: { kind: 'text', text } })) };
}

function nextOf(boundary: string): string {
  return String.fromCharCode(boundary.charCodeAt(0) + 1);
}
