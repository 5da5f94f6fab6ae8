import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createFileLinks } from '../../src/call/file-links.ts';
import { prepareGptFiles } from '../../src/call/gpt-files-in.ts';
import { takeGptFiles } from '../../src/call/gpt-files-out.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Tool } from '../../src/tool/types.ts';
import { createFakeClock } from '../policy/fake-clock.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { compileFile } from '../support/documents.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';
import { type ConnectedClient, OFFICIAL_CLIENTS } from '../support/mcp-clients.ts';

const SPEC = repositoryFile('test/fixtures/files-action.yaml');
const BYTES = randomBytes(70_000);
const BASE64 = BYTES.toString('base64');
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface SentFile {
  readonly name: string;
  readonly id: string;
  readonly mime_type: string;
  readonly download_link: string;
}

describe.each(OFFICIAL_CLIENTS)('files, for $name', ({ connect, transport }) => {
  let api: FakeApi;
  let client: ConnectedClient;

  beforeAll(async () => {
    api = await startFakeApi();
    client = await connect([`files=${SPEC}`, '--base-url', api.url]);
  });

  afterAll(async () => {
    await client?.close();
    await api?.close();
  });

  it('it brings bytes to the backend as a GPT would: a name, an id, a type and a link', async () => {
    api.answer({ json: {} });
    const file = { name: 'größe.pdf', data: BASE64 };
    expect(await client.call('analyse', { openaiFileIdRefs: [file], question: '?' })).toMatchObject({ isError: false });
    const sent = JSON.parse(api.requests.at(-1)!.body.toString()) as { openaiFileIdRefs: SentFile[]; question: string };
    const [first] = sent.openaiFileIdRefs;
    expect(sent.question).toBe('?');
    expect(first).toMatchObject({
      name: 'größe.pdf',
      mime_type: 'application/pdf',
      id: expect.stringMatching(/^file-/),
    });
    expect(first!.download_link.startsWith(transport === 'http' ? 'http://127.0.0.1:' : 'data:')).toBe(true);
    const fetched = await fetch(first!.download_link);
    expect(fetched.headers.get('content-type')).toBe('application/pdf');
    expect(hash(new Uint8Array(await fetched.arrayBuffer()))).toBe(hash(BYTES));
  });

  it('it brings files back as content, and no base64 in a text', async () => {
    const png = { name: 'plot.png', mime_type: 'image/png', content: BASE64 };
    const pdf = { file_name: 'report.pdf', mime_type: 'application/pdf', content_base64: BASE64 };
    const link = 'https://files.example.com/data%20set.csv';
    api.answer({ json: { total: 3, openaiFileResponse: [png, pdf, link] } });
    const answer = await client.call('getReport', {});
    const [text, image, resource, url] = answer.content as unknown as {
      type: string;
      text: string;
      data: string;
      resource: { blob: string; mimeType: string };
      uri: string;
    }[];
    expect(JSON.parse(text!.text)).toMatchObject({
      total: 3,
      openaiFileResponse: [{ name: 'plot.png', size: 70_000 }, { name: 'report.pdf', size: 70_000 }, { url: link }],
    });
    expect(text!.text).not.toContain(BASE64.slice(0, 40));
    expect(image).toMatchObject({ type: 'image', mimeType: 'image/png' });
    expect(hash(Buffer.from(image!.data, 'base64'))).toBe(hash(BYTES));
    expect(resource).toMatchObject({ type: 'resource', resource: { mimeType: 'application/pdf' } });
    expect(hash(Buffer.from(resource!.resource.blob, 'base64'))).toBe(hash(BYTES));
    expect(url).toMatchObject({ type: 'resource_link', uri: link, mimeType: 'text/csv' });
  });

  it('it tells ChatGPT which argument takes files', async () => {
    const [tool] = (await client.listTools()) as unknown as { _meta?: object; inputSchema: object }[];
    expect(tool).toMatchObject({ _meta: { 'openai/fileParams': ['openaiFileIdRefs'] } });
  });
});

describe('what a client gives as a file', () => {
  let tool: Tool;
  beforeAll(async () => {
    tool = (await compileFile(SPEC)).tools[0]!;
  });
  const link = async ({ name }: { name: string }) => ({ id: 'file-1', url: `link:${name}` });

  test.each<[string, unknown, unknown]>([
    [
      'bytes',
      { name: 'a.csv', data: 'aGk=' },
      { name: 'a.csv', id: 'file-1', mime_type: 'text/csv', download_link: 'link:a.csv' },
    ],
    [
      'a text',
      { name: 'a.md', text: 'hi' },
      { name: 'a.md', id: 'file-1', mime_type: 'text/markdown', download_link: 'link:a.md' },
    ],
    [
      'a data: URI',
      'data:text/plain,hi',
      { name: 'file', id: 'file-1', mime_type: 'text/plain', download_link: 'link:file' },
    ],
    [
      'a URL',
      'https://x.test/a%20b.png',
      { name: 'a b.png', id: 'a b.png', mime_type: 'image/png', download_link: 'https://x.test/a%20b.png' },
    ],
    [
      "ChatGPT's own",
      { download_url: 'https://x.test/f', file_id: 'file_9', mime_type: 'image/png', file_name: 'f.png' },
      { name: 'f.png', id: 'file_9', mime_type: 'image/png', download_link: 'https://x.test/f' },
    ],
    [
      "a GPT's own",
      { name: 'f.png', id: 'file-2', mime_type: 'image/png', download_link: 'https://x.test/f' },
      { name: 'f.png', id: 'file-2', mime_type: 'image/png', download_link: 'https://x.test/f' },
    ],
    ['an id that the backend knows', 'file-abc', 'file-abc'],
  ])('it takes %s', async (_, given, expected) => {
    const prepared = await prepareGptFiles(tool, { openaiFileIdRefs: [given] }, { link });
    expect(prepared).toEqual({ ok: true, args: { openaiFileIdRefs: [expected] } });
  });

  test.each<[string, unknown, string]>([
    ['what is no base64', { name: 'a', data: '%%%' }, 'base64'],
    ['a path, where none may be read', { path: '/etc/passwd' }, 'path'],
    ['a URL of another kind', 'file:///etc/passwd', 'http(s)'],
    ['nothing in it', { name: 'a' }, 'url'],
    ['a number', 7, 'file'],
  ])('it refuses %s, by its place', async (_, given, word) => {
    const prepared = await prepareGptFiles(tool, { openaiFileIdRefs: ['file-abc', given] }, { link });
    expect(prepared).toEqual({
      ok: false,
      issues: [{ argument: 'openaiFileIdRefs[1]', message: expect.stringContaining(word) }],
    });
  });
});

describe('a signed link', () => {
  const FILE = { bytes: new Uint8Array([1, 2, 3]), name: 'a.bin', mimeType: 'application/octet-stream' };

  async function setUp() {
    const clock = createFakeClock();
    const { cells, texts } = createMemoryStore({ clock });
    const links = createFileLinks({ cells, texts, clock });
    links.serveAt('https://bridge.test/');
    const { id, url } = await links.add(FILE);
    const query = Object.fromEntries(new URL(url).searchParams) as { expires: string; signature: string };
    return { clock, links, id, url, query };
  }

  it('it gives the file', async () => {
    const { links, id, query, url } = await setUp();
    expect(url.startsWith(`https://bridge.test/files/${id}?`)).toBe(true);
    expect(await links.find(id, query)).toMatchObject(FILE);
  });

  it('it gives nothing to a wrong signature, for another file, with another end, or late', async () => {
    const { clock, links, id, query } = await setUp();
    const other = await links.add(FILE);
    const flipped = `${query.signature[0] === 'A' ? 'B' : 'A'}${query.signature.slice(1)}`;
    expect(await links.find(id, { ...query, signature: flipped })).toBeUndefined();
    expect(await links.find(id, { expires: query.expires })).toBeUndefined();
    expect(await links.find(id, {})).toBeUndefined();
    expect(await links.find(other.id, query)).toBeUndefined();
    expect(await links.find(id, { ...query, expires: String(Number(query.expires) + 60_000) })).toBeUndefined();
    await clock.advance(299_000);
    expect(await links.find(id, query)).toBeDefined();
    await clock.advance(1_001);
    expect(await links.find(id, query)).toBeUndefined();
  });
});

describe('what a backend returns as files', () => {
  const json = (value: unknown) => takeGptFiles({ kind: 'json', value, text: JSON.stringify(value) });
  const stubs = (value: unknown) => {
    const { blocks } = json(value) as unknown as { blocks: readonly [{ text: string }] };
    return (JSON.parse(blocks[0].text) as { openaiFileResponse: object[] }).openaiFileResponse;
  };

  it('it leaves other answers as they are', () => {
    expect(json({ a: 1 })).toBeUndefined();
    expect(json([1])).toBeUndefined();
  });

  test.each<[string, unknown, object]>([
    [
      'a file of its own, no list',
      { name: 'a.txt', content: 'aGk=' },
      { name: 'a.txt', mime_type: 'text/plain', size: 2 },
    ],
    ['a data: URI', 'data:text/csv;base64,aGk=', { mime_type: 'text/csv', size: 2 }],
    [
      'a link under another name',
      { file_name: 'x', file_url: 'https://x.test/y' },
      { name: 'x', url: 'https://x.test/y' },
    ],
    ['what is no base64', [{ name: 'a', content: '***' }], { left_out: 'its content is not base64' }],
    ['what is no file', [{ size: 3 }], { left_out: expect.stringContaining('no file') }],
    ['a link of another kind', ['file:///etc/passwd'], { left_out: expect.stringContaining('URL') }],
    ['more than 10 MB', [{ name: 'a', content: 'A'.repeat(15_000_000) }], { left_out: 'it is larger than 10 MB' }],
  ])('it tells of %s', (_, files, stub) => {
    expect(stubs({ openaiFileResponse: files })[0]).toMatchObject(stub);
  });

  it('it takes ten files and says which it left out', () => {
    const files = Array.from({ length: 12 }, (_, index) => ({ name: `${index}.txt`, content: 'aGk=' }));
    expect(json({ openaiFileResponse: files })).toMatchObject({ blocks: { length: 11 } });
    expect(stubs({ openaiFileResponse: files }).slice(10)).toMatchObject([{ left_out: 'only 10 files are taken' }, {}]);
  });
});
