import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';
import { type ConnectedClient, OFFICIAL_CLIENTS } from '../support/mcp-clients.ts';

const SPEC = `items=${repositoryFile('test/fixtures/items.yaml')}`;
/** Tries that are part of no case here would only cost time. */
const NO_RETRY = repositoryFile('test/fixtures/no-retry.yaml');

/** Every case runs over every official client; they differ only in how they open the conversation. */
describe.each(OFFICIAL_CLIENTS)('$name', ({ connect, revision }) => {
  let api: FakeApi;
  let client: ConnectedClient;

  beforeAll(async () => {
    api = await startFakeApi();
    client = await connect([SPEC, '--base-url', `${api.url}/v1`]);
  });

  afterAll(async () => {
    await client?.close();
    await api?.close();
  });

  it('agrees on the revision and is told what the server is for', () => {
    expect(client.revision).toBe(revision);
    expect(client.server.name).toBe('actionbridge');
    expect(client.instructions).toContain('Items: Things with a number and a name.');
  });

  it('lists a tool for each operation, in the order of the document', async () => {
    const tools = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['listItems', 'addItem', 'getItem', 'deleteItem']);
    const [list, add, , remove] = tools;
    expect(list).toMatchObject({
      title: 'List items',
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    });
    expect(remove).toMatchObject({ annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true } });
    expect(add!.inputSchema).toMatchObject({ type: 'object', required: ['name'] });
    expect(Object.keys(add!.inputSchema['properties'] as object)).toEqual(['name', 'color', 'parts']);
  });

  it('calls with parameters and answers the JSON', async () => {
    api.answer({ json: [{ id: '1', name: 'cup' }] });
    const answer = await client.call('listItems', { color: ['red', 'light blue'], limit: 2 });
    const request = api.requests.at(-1)!;
    expect(`${request.method} ${request.target}`).toBe('GET /v1/items?color=red&color=light%20blue&limit=2');
    expect(answer.isError).toBe(false);
    expect(JSON.parse(answer.text)).toEqual([{ id: '1', name: 'cup' }]);
    expect(answer.meta['actionbridge']).toMatchObject({
      api: 'items',
      operation: 'listItems',
      status: 200,
      attempts: 1,
    });
  });

  it('calls with a body', async () => {
    api.answer({ status: 201, json: { id: '2' } });
    const answer = await client.call('addItem', { name: 'mug', parts: [{ name: 'handle' }] });
    const request = api.requests.at(-1)!;
    expect(`${request.method} ${request.target}`).toBe('POST /v1/items');
    expect(JSON.parse(request.body.toString())).toEqual({ name: 'mug', parts: [{ name: 'handle' }] });
    expect(answer.isError).toBe(false);
  });

  it('says so when the answer is empty', async () => {
    api.answer({ status: 204 });
    expect(await client.call('deleteItem', { id: 'a/b' })).toMatchObject({
      isError: false,
      text: 'HTTP 204 No Content',
    });
    expect(api.requests.at(-1)!.target).toBe('/v1/items/a%2Fb');
  });

  it('refuses wrong arguments before anything is sent, and names them', async () => {
    const sent = api.requests.length;
    const answer = await client.call('addItem', { nmae: 'mug', color: 'pink' });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/nmae[^\n]*"?name/);
    expect(answer.text).toContain('color');
    expect(api.requests.length).toBe(sent);
  });

  it('answers an unknown tool with the JSON-RPC error for it', async () => {
    await expect(client.call('noSuchTool', {})).rejects.toMatchObject({ code: -32602 });
  });

  it('answers HTTP 404 as an error with its status and body', async () => {
    api.answer({ status: 404, reason: 'Not Found', json: { error: 'no item 9' } });
    const answer = await client.call('getItem', { id: '9' });
    expect(answer.isError).toBe(true);
    expect(answer.text.split('\n')[0]).toBe('HTTP 404 Not Found');
    expect(answer.text).toContain('no item 9');
  });

  it('answers a broken connection as an error', async () => {
    api.answer({ end: 'reset' });
    expect(await client.call('deleteItem', { id: '1' })).toMatchObject({ isError: true });
  });

  it('gives up the request when the client cancels the call', async () => {
    const seen = api.requests.length;
    let release = () => {};
    const arrived = new Promise<void>((resolve) => {
      api.answer(() => {
        resolve();
        return { after: new Promise<void>((open) => (release = open)) };
      });
    });
    const controller = new AbortController();
    const call = client.call('getItem', { id: '1' }, controller.signal);
    const rejected = expect(call).rejects.toThrow();
    await arrived;
    controller.abort();
    await rejected;
    await api.requests[seen]!.abandoned;
    release();
  });

  it('goes on after all of that', async () => {
    api.answer({ json: { name: 'cup' } });
    expect(await client.call('getItem', { id: '1' })).toMatchObject({ isError: false });
    expect(client.errors).toEqual([]);
  });
});

/** Other people's documents stand beside the repository or not at all. */
const GITHUB = repositoryFile('../shared/specs/real/github-api.json');

describe.skipIf(!existsSync(GITHUB))('the document of GitHub (../shared)', () => {
  it.each(OFFICIAL_CLIENTS)('is listed whole by $name, and a tool of it can be called', async ({ connect }) => {
    const api = await startFakeApi({ json: { id: 1 } });
    const client = await connect([`github=${GITHUB}`, '--base-url', api.url]);
    const tools = await client.listTools();
    expect(tools).toHaveLength(1223);
    expect(await client.call('issues_get', { owner: 'a', repo: 'b', issue_number: 7 })).toMatchObject({
      isError: false,
    });
    expect(api.requests[0]!.target).toBe('/repos/a/b/issues/7');
    await client.close();
    await api.close();
  });
});

/** A client checks an answer against what the tool declares, and throws it away when it does not fit. */
describe.each(OFFICIAL_CLIENTS)('$name, with --output-schema', ({ connect }) => {
  let api: FakeApi;
  let client: ConnectedClient;

  beforeAll(async () => {
    api = await startFakeApi();
    client = await connect([SPEC, '--base-url', `${api.url}/v1`, '--output-schema', '--config', NO_RETRY]);
    expect((await client.listTools()).some((tool) => 'outputSchema' in tool)).toBe(true);
  });

  afterAll(async () => {
    await client?.close();
    await api?.close();
  });

  it.each([
    ['what is declared', { json: [{ id: '1', name: 'cup', color: 'red' }] }, 'cup'],
    ['what breaks the declaration', { json: [{ id: '1', name: null, color: 'mauve', more: [1] }] }, 'mauve'],
    ['something else altogether', { json: { items: [] } }, 'items'],
    ['no JSON', { body: 'all gone', headers: { 'content-type': 'text/plain' } }, 'all gone'],
    ['nothing', { status: 204 }, 'HTTP 204'],
    ['an error', { status: 500, json: { error: 'oops' } }, 'oops'],
  ])('takes an answer that is %s', async (_, reply, shown) => {
    api.answer(reply);
    expect((await client.call('listItems', {})).text).toContain(shown);
    expect(client.errors).toEqual([]);
  });
});
