import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';
import { type ConnectedClient, OFFICIAL_CLIENTS } from '../support/mcp-clients.ts';

/** All clients at once: what they wait for takes seconds each. */
describe.concurrent.each(OFFICIAL_CLIENTS)('$name', ({ connect }) => {
  const folder = mkdtempSync(join(tmpdir(), 'actionbridge-test-'));
  const spec = join(folder, 'items.yaml');
  let api: FakeApi;
  let client: ConnectedClient;

  beforeAll(async () => {
    copyFileSync(repositoryFile('test/fixtures/items.yaml'), spec);
    api = await startFakeApi();
    client = await connect([`items=${spec}`, '--base-url', `${api.url}/v1`, '--watch']);
  });

  afterAll(async () => {
    await client?.close();
    await api?.close();
    rmSync(folder, { recursive: true });
  });

  it('is told of progress while the API takes its time, and then of the tools of a changed document', async () => {
    let finish = () => {};
    api.answer({ after: new Promise<void>((resolve) => (finish = resolve)), json: { id: '1' } });
    const heard: number[] = [];
    const answer = await client.call(
      'getItem',
      { id: '1' },
      {
        onProgress(progress) {
          heard.push(progress);
          finish();
        },
      },
    );
    expect(answer.isError).toBe(false);
    expect(heard.length).toBeGreaterThan(0);

    expect(await client.listTools()).toHaveLength(4);
    writeFileSync(spec, readFileSync(spec, 'utf8').replaceAll('operationId: getItem', 'operationId: readItem'));
    await client.toolsChanged();
    const names = (await client.listTools()).map(({ name }) => name);
    expect(names).toEqual(['listItems', 'addItem', 'readItem', 'deleteItem']);
    api.answer({ json: { id: '2' } });
    expect(await client.call('readItem', { id: '2' })).toMatchObject({ isError: false });
    expect(client.errors).toEqual([]);
  });
});
