import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE, CACHE_ENVIRONMENT } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';

const ITEMS = Array.from({ length: 5_000 }, (_, id) => ({
  id,
  name: `Item "${id}" 😀`,
  text: 'lorem ipsum '.repeat(4),
}));
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Large', version: '1' },
  servers: [{ url: 'http://localhost' }],
  paths: {
    '/items': { get: { operationId: 'listItems', responses: { 200: { description: 'ok' } } } },
    '/log': { get: { operationId: 'readLog', responses: { 200: { description: 'ok' } } } },
  },
};

const folder = mkdtempSync(join(tmpdir(), 'large-'));
let api: FakeApi;

beforeAll(async () => {
  writeFileSync(join(folder, 'large.json'), JSON.stringify(DOCUMENT));
  api = await startFakeApi(({ target }) =>
    target === '/log'
      ? { body: 'a line of the log\n'.repeat(10_000), headers: { 'content-type': 'text/plain' } }
      : { json: { total: ITEMS.length, items: ITEMS } },
  );
});

afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly texts: readonly string[];
  readonly isError: boolean;
}

/** The tools of the document over a real client, for as long as `work` takes. */
async function connected<T>(
  mode: 'legacy' | { readonly pin: string },
  work: (client: Client, call: (args?: object, tool?: string) => Promise<Answer>) => Promise<T>,
): Promise<T> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const args = [BUNDLE, join(folder, 'large.json'), '--base-url', api.url, '--rate-limit', '0', '--select'];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env: { ...CACHE_ENVIRONMENT } }));
  try {
    return await work(client, async (given = {}, name = 'listItems') => {
      const { content, isError } = await client.callTool({ name, arguments: { ...given } });
      return { texts: content.map((block) => ('text' in block ? block.text : '')), isError: isError === true };
    });
  } finally {
    await client.close();
  }
}

describe.each([['2025-11-25', 'legacy'] as const, ['2026-07-28', { pin: '2026-07-28' }] as const])(
  'an answer of 600,000 characters, in revision %s',
  (_, mode) => {
    it('is shown in its shape, as whole JSON, with what is left out said first', async () => {
      await connected(mode, async (_client, call) => {
        const { texts, isError } = await call();
        const [said, shaped] = texts[0]!.split('\n');
        expect(isError).toBe(false);
        expect(said).toMatch(/array items/);
        const { total, items } = JSON.parse(shaped!) as { total: number; items: unknown[] };
        expect(total).toBe(5_000);
        expect(items[0]).toEqual(ITEMS[0]);
        expect(texts[0]!.length).toBeLessThanOrEqual(100_000);
        expect(Number(/(\d+) array items/.exec(said!)![1]) + items.length).toBe(5_000);
      });
    });

    it('is kept whole as a resource, in pages', async () => {
      await connected(mode, async (client, call) => {
        const { texts } = await call();
        const uri = /actionbridge:\/\/responses\/[\w-]+/.exec(texts.join('\n'))![0];
        const { resources } = await client.listResources();
        expect(resources.map((resource) => resource.uri)).toContain(uri);
        let whole = '';
        for (let next: string | undefined = uri; next !== undefined; ) {
          const { contents } = await client.readResource({ uri: next });
          const [page, following] = contents;
          whole += 'text' in page! ? page.text : '';
          next = following?.uri;
        }
        expect(JSON.parse(whole)).toEqual({ total: 5_000, items: ITEMS });
      });
    });

    it('is read in part by _select', async () => {
      await connected(mode, async (client, call) => {
        const { tools } = await client.listTools();
        expect(Object.keys(tools[0]!.inputSchema.properties!)).toContain('_select');
        expect((await call({ _select: 'items[?id == `4999`].name | [0]' })).texts).toEqual([
          JSON.stringify(ITEMS[4_999]!.name),
        ]);
        expect((await call({ _select: 'items[' })).isError).toBe(true);
      });
    });

    it('of text is cut between words and kept as well', async () => {
      await connected(mode, async (_client, call) => {
        const { texts } = await call({}, 'readLog');
        expect(texts[0]!.length).toBeLessThanOrEqual(100_000);
        expect(texts[0]).toMatch(/of 180000 characters left out\)$/);
        expect(texts[1]).toMatch(/actionbridge:\/\/responses\/.*2 pages/);
      });
    });

    it('that nobody saved is not there', async () => {
      await connected(mode, async (client) => {
        await expect(client.readResource({ uri: 'actionbridge://responses/other' })).rejects.toThrow();
      });
    });
  },
);
