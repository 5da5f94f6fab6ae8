import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { encodeBody } from '../../src/call/encode-body.ts';
import { readFileArgument } from '../../src/call/file-argument.ts';
import { encodeForm } from '../../src/call/form.ts';
import { encodeMultipart } from '../../src/call/multipart.ts';
import { encodeXml } from '../../src/call/xml.ts';
import type { BodyWire, Fields, XmlShape } from '../../src/operation/types.ts';

const text = (body: string | Uint8Array) => (typeof body === 'string' ? body : Buffer.from(body).toString('latin1'));
const encode = (wire: BodyWire, value: unknown) => encodeBody({ wire, value, argument: 'body' });

describe('encodeBody', () => {
  test.each<[BodyWire, unknown, string]>([
    [{ mediaType: 'application/merge-patch+json', encoding: 'json' }, { a: null }, '{"a":null}'],
    [{ mediaType: 'application/json', encoding: 'json' }, 'text', '"text"'],
    [{ mediaType: 'application/json', encoding: 'json' }, null, 'null'],
    [{ mediaType: 'application/jsonl', encoding: 'json-lines' }, [{ a: 1 }, { a: 2 }], '{"a":1}\n{"a":2}\n'],
    [{ mediaType: 'application/json-seq', encoding: 'json-lines' }, [1], '\u001e1\n'],
    [{ mediaType: 'text/plain', encoding: 'text' }, 'as it is "x"', 'as it is "x"'],
    [{ mediaType: 'application/octet-stream', encoding: 'bytes' }, 'aGk=', 'hi'],
    [{ mediaType: 'application/octet-stream', encoding: 'bytes' }, '', ''],
    [{ mediaType: 'application/octet-stream', encoding: 'bytes' }, { text: 'hi' }, 'hi'],
  ])('it writes %j', (wire, value, body) => {
    const encoded = encode(wire, value);
    expect(encoded.ok && [encoded.contentType, text(encoded.body)]).toEqual([wire.mediaType, body]);
  });

  it('it takes the type of a range from the file', () => {
    const encoded = encode({ mediaType: 'image/*', encoding: 'bytes' }, 'data:image/png;base64,aGk=');
    expect(encoded.ok && encoded.contentType).toBe('image/png');
  });

  test.each(['not base64!', 'abcde', 5, null, {}, { path: '/etc/passwd' }])('it refuses %j as a file', (value) => {
    const encoded = encode({ mediaType: 'application/octet-stream', encoding: 'bytes' }, value);
    expect(!encoded.ok && encoded.issues[0]!.argument).toBe('body');
  });
});

describe('encodeForm', () => {
  const fields: Fields = {
    meta: { value: 'json', array: false, style: { style: 'deepObject', explode: true, allowReserved: false } },
    csv: { value: 'text', array: true, style: { style: 'form', explode: false, allowReserved: false } },
    url: { value: 'text', array: false, style: { style: 'form', explode: true, allowReserved: true } },
  };
  test.each([
    [{ a: 'a b&c=d+e%é', n: 0, ok: false }, 'a=a+b%26c%3Dd%2Be%25%C3%A9&n=0&ok=false'],
    [{ address: { city: 'X' } }, 'address=%7B%22city%22%3A%22X%22%7D'],
    [{ tags: ['a', 'b'] }, 'tags=a&tags=b'],
    [{ meta: { k1: 'v 1' } }, 'meta%5Bk1%5D=v%201'],
    [{ csv: ['a', 'b'] }, 'csv=a,b'],
    [{ url: '/a/b?c' }, 'url=/a/b?c'],
  ])('it writes %j as %s', (value, written) => {
    expect(encodeForm(value, fields)).toBe(written);
  });

  it('it loses nothing that URLSearchParams reads back', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' })),
        (value) => {
          expect([...new URLSearchParams(encodeForm(value, {}))]).toEqual(Object.entries(value));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('encodeMultipart', () => {
  const fields: Fields = {
    file: { value: 'bytes', array: false },
    avatar: { value: 'bytes', array: false, contentType: 'image/png, image/jpeg' },
    photos: { value: 'bytes', array: true },
    address: { value: 'json', array: false },
    history: { value: 'json', array: false, contentType: 'application/vnd.h+json', headers: { 'X-Rate': '5' } },
  };
  const write = (value: object) => {
    const encoded = encodeMultipart(value, { mediaType: 'multipart/form-data', fields, boundary: 'B' });
    return encoded.ok ? text(encoded.body).split('\r\n').slice(0, -1).join('|') : encoded.issues;
  };
  test.each([
    [{ id: 'i' }, '--B|Content-Disposition: form-data; name="id"||i|--B--'],
    [
      { address: { s: 1 } },
      '--B|Content-Disposition: form-data; name="address"|Content-Type: application/json||{"s":1}|--B--',
    ],
    [
      { file: 'aGk=' },
      '--B|Content-Disposition: form-data; name="file"; filename="file"|Content-Type: application/octet-stream||hi|--B--',
    ],
    [
      { avatar: { data: 'aGk=', filename: 'a"b.jpg', mimeType: 'image/jpeg' } },
      '--B|Content-Disposition: form-data; name="avatar"; filename="a%22b.jpg"|Content-Type: image/jpeg||hi|--B--',
    ],
    [
      { history: [1] },
      '--B|Content-Disposition: form-data; name="history"|Content-Type: application/vnd.h+json|X-Rate: 5||[1]|--B--',
    ],
  ])('it writes %j', (value, written) => {
    expect(write(value)).toBe(written);
  });

  it('it repeats the name for each file of a list and names the one that is wrong', () => {
    expect(write({ photos: ['b25l', 'dHdv'] })).toContain('|one|--B|Content-Disposition: form-data; name="photos"');
    expect(write({ photos: ['b25l', '%%%'] })).toEqual([
      { argument: 'photos[1]', message: expect.stringContaining('base64') },
    ]);
  });

  it('it is read back by an independent parser, whatever the values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.uint8Array({ maxLength: 64 }), { minKeys: 1, maxKeys: 4 }),
        async (files) => {
          const every: Fields = Object.fromEntries(
            Object.keys(files).map((name) => [name, { value: 'bytes', array: false }]),
          );
          const encoded = encodeMultipart(
            Object.fromEntries(
              Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
            ),
            { mediaType: 'multipart/form-data', fields: every },
          );
          if (!encoded.ok) throw new Error('refused');
          const form = await new Response(Buffer.from(encoded.body), {
            headers: { 'content-type': encoded.contentType },
          }).formData();
          for (const [name, bytes] of Object.entries(files))
            expect(new Uint8Array(await (form.get(name) as File).arrayBuffer())).toEqual(new Uint8Array(bytes));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('encodeXml', () => {
  const element: XmlShape = { nodeType: 'element' };
  const root: XmlShape = {
    name: 'zoo',
    nodeType: 'element',
    properties: {
      id: { nodeType: 'attribute' },
      name: { nodeType: 'element', namespace: 'https://example.com/s', prefix: 's' },
      animals: { nodeType: 'element', items: { name: 'animal', nodeType: 'element' } },
      cages: { name: 'cageList', nodeType: 'element', wrapped: true, items: { name: 'cage', nodeType: 'element' } },
      raw: { nodeType: 'cdata' },
      keeper: { nodeType: 'element', ref: '0' },
    },
  };
  const definitions = {
    0: {
      nodeType: 'element' as const,
      properties: { boss: { nodeType: 'element' as const, ref: '0' }, name: element },
    },
  };
  test.each([
    [{ id: 1, name: 'x' }, '<zoo id="1"><s:name xmlns:s="https://example.com/s">x</s:name></zoo>'],
    [{ animals: ['dog', 'cat'] }, '<zoo><animal>dog</animal><animal>cat</animal></zoo>'],
    [{ cages: ['a', 'b'] }, '<zoo><cageList><cage>a</cage><cage>b</cage></cageList></zoo>'],
    [{ note: 'a < b & ]]>' }, '<zoo><note>a &lt; b &amp; ]]&gt;</note></zoo>'],
    [{ raw: 'a]]>b' }, '<zoo><![CDATA[a]]]]><![CDATA[>b]]></zoo>'],
    [
      { keeper: { name: 'A', boss: { name: 'B' } } },
      '<zoo><keeper><name>A</name><boss><name>B</name></boss></keeper></zoo>',
    ],
    [{ note: null }, '<zoo><note xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></zoo>'],
    [{}, '<zoo/>'],
  ])('it writes %j', (value, written) => {
    expect(encodeXml(value, { root, definitions })).toBe(written);
  });

  it('it refuses characters that XML cannot hold', () => {
    expect(() => encodeXml({ note: 'a\u0000' }, { root, definitions })).toThrow(RangeError);
  });
});

describe('readFileArgument', () => {
  test.each([
    ['aGk', 'hi'],
    ['aGk=', 'hi'],
    ['data:,h%69', 'hi'],
    ['data:text/plain;base64,aGk=', 'hi'],
    [{ data: 'aGk=', filename: 'x' }, 'hi'],
    [{ text: 'hi' }, 'hi'],
    [{ path: 'x' }, 'hi'],
  ])('it reads %j', (value, content) => {
    const file = readFileArgument(value, () => Buffer.from('hi'));
    expect(typeof file === 'string' ? file : Buffer.from(file.bytes).toString()).toBe(content);
  });
});
