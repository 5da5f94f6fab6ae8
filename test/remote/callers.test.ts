import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf } from '../../src/chat/tool-answer.ts';
import { type Bridge, openBridge } from '../../src/index.ts';
import { createResourceListeners } from '../../src/mcp/resource-listeners.ts';
import { viewFor } from '../../src/serve/caller.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { serverScript } from './fixtures.ts';

let bridge: Bridge;
beforeAll(async () => {
  const server = (name: string) => ({ command: process.execPath, args: [serverScript(name)] });
  bridge = await openBridge({ specs: [], mcpServers: { a: server('first'), ab: server('second') } });
});
afterAll(() => bridge.close());

const { windows } = createMemoryStore();

const LISTEN = {
  jsonrpc: '2.0' as const,
  id: 1,
  method: 'subscriptions/listen',
  params: { notifications: { resourceSubscriptions: ['a+note://one', 'ab+note://one'] } },
};

describe('a caller of the HTTP listener', () => {
  it.each([
    { tools: undefined, uris: ['a+note://one', 'ab+note://one'], prompts: ['a_greet', 'ab_greet'] },
    { tools: ['*'], uris: ['a+note://one', 'ab+note://one'], prompts: ['a_greet', 'ab_greet'] },
    { tools: ['ab_*'], uris: ['ab+note://one'], prompts: ['ab_greet'] },
    { tools: ['a_echo', 'ab_*o'], uris: [], prompts: [] },
  ])('that may use $tools sees $uris', async ({ tools, uris, prompts }) => {
    const view = viewFor(bridge, { principal: 'ann', ...(tools ? { tools } : {}) }, { windows, logins: false });
    expect((await view.resources.list(undefined)).map(({ uri }) => uri)).toEqual(uris);
    expect(view.prompts!.list().map(({ name }) => name)).toEqual(prompts);
    const read = await view.resources.read({ uri: 'a+note://one' }, undefined);
    expect(read !== undefined).toBe(uris.includes('a+note://one'));
    const { request, end } = await createResourceListeners(() => undefined).begin(LISTEN, view);
    expect(request.params!['notifications']).toEqual({ resourceSubscriptions: uris });
    end();
    const prompt = await view.prompts!.get({ name: 'a_greet', arguments: {} });
    expect(prompt !== undefined).toBe(prompts.includes('a_greet'));
    const listed = view.registry.tools.map(({ name }) => name);
    expect(listed.includes('a_write')).toBe(tools === undefined || tools.includes('*'));
  });
});

describe('a model', () => {
  const told = async (name: string, args: object = {}) => answerOf(await bridge.call(name, args, { surface: 'chat' }));

  it('is told errors of a server by their kinds', async () => {
    expect((await told('a_fail')).error).toMatchObject({
      type: 'mcp_tool_execution_error',
      message: 'the disk is full',
    });
    expect((await told('ab_reject')).error).toMatchObject({ type: 'mcp_protocol_error', code: -32602 });
    expect((await told('a_slow')).error).toMatchObject({ type: 'mcp_protocol_error', code: -32602 });
  });

  it('is shown in words what is no picture', async () => {
    const { text, media } = await told('ab_media');
    expect(text).toBe('here it is\nembedded\n[resource two: ab+note://two]');
    expect(media.map(({ mediaType }) => mediaType)).toEqual(['image/png', 'audio/wav']);
  });
});
