import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { createRedisStore } from '../../src/store/redis.ts';
import { say } from './model-turns.ts';
import { startProxy } from './setup.ts';
import { transcriptOf } from './transcript.ts';

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const reachable = await answers();
if (!reachable) console.warn(`Redis does not answer at ${url}: replicas are not tested`);

async function answers(): Promise<boolean> {
  const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 500 });
  probe.on('error', () => undefined);
  try {
    await probe.connect();
    return (await probe.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    probe.disconnect();
  }
}

const READ_FILE = { type: 'function', function: { name: 'read_file', parameters: { type: 'object', properties: {} } } };

it.skipIf(!reachable)('a conversation goes on at another replica that shares the store', async () => {
  const prefix = `test-chat-${randomUUID()}:`;
  const stores = [createRedisStore({ url, prefix }), createRedisStore({ url, prefix })];
  const [one, other] = stores.map(({ cells }) => cells);
  await until(async () => {
    await one!.update<string, void>('ready', 60_000, () => ({ state: 'yes', result: undefined }));
    const seen = await other!.update<string | null, string | null>('ready', 60_000, (state = null) => ({
      state,
      result: state,
    }));
    return seen === 'yes';
  });
  const [first, second] = await Promise.all(
    stores.map(({ cells }) => startProxy({ upstream: { dialect: 'chat' }, dependencies: { cells } })),
  );
  const calls = [
    { name: 'get_weather', args: { city: 'Lisbon' } },
    { name: 'read_file', args: {} },
  ];
  first!.model.play(say({ calls }, 'chat', false));
  second!.model.play(say({ text: 'Done.' }, 'chat', false));
  const question = { role: 'user', content: 'Both' };
  const body = { model: 'm', tools: [READ_FILE] };
  const handed = await first!.post('/v1/chat/completions', { ...body, messages: [question] });
  const { message } = ((await handed.json()) as { choices: { message: { tool_calls: { id: string }[] } }[] })
    .choices[0]!;
  const result = { role: 'tool', tool_call_id: message.tool_calls[0]!.id, content: 'the file' };
  await second!.post('/v1/chat/completions', { ...body, messages: [question, message, result] });
  expect(transcriptOf(second!.model.requests[0]!).map(([kind]) => kind)).toEqual([
    'user',
    'call',
    'call',
    'result',
    'result',
  ]);
  await Promise.all([first!.close(), second!.close(), ...stores.map((store) => store.close())]);
});

/** Until both see the same: before they are connected, each has a store of its own. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
