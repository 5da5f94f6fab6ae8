import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxySetup, startProxy } from './setup.ts';
import { checkChatStream, checkResponsesStream } from './stream-rules.ts';
import { ask, requestFor, transcriptOf } from './transcript.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/chat');

/** What a provider sends, written down after its documentation and its known faults. */
interface Fixture {
  readonly about: string;
  readonly call: object;
  readonly callStream: readonly unknown[];
  readonly answer: object;
  readonly answerStream: readonly unknown[];
  readonly expect: {
    readonly api: readonly string[];
    readonly text: string;
    /** What the second request must repeat of the first answer's message. */
    readonly repeated?: readonly { readonly path: readonly (string | number)[]; readonly value: unknown }[];
  };
}

const FIXTURES = readdirSync(FOLDER).map((file) => ({
  provider: file.replace('.json', ''),
  fixture: JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Fixture,
}));

let setup: ProxySetup;
beforeAll(async () => {
  setup = await startProxy({ upstream: { dialect: 'chat' } });
});
afterAll(() => setup.close());

describe.each(FIXTURES)('$provider', ({ fixture }) => {
  const ways = [
    { way: 'whole', stream: false, pieceBytes: undefined },
    { way: 'streamed', stream: true, pieceBytes: undefined },
    { way: 'streamed in pieces of 11 bytes', stream: true, pieceBytes: 11 },
  ];

  function play({ stream, pieceBytes }: { stream: boolean; pieceBytes: number | undefined }): void {
    const cut = pieceBytes === undefined ? {} : { pieceBytes };
    if (stream) setup.model.play({ events: fixture.callStream, ...cut }, { events: fixture.answerStream, ...cut });
    else setup.model.play({ json: fixture.call }, { json: fixture.answer });
  }

  describe.each(ways)('$way', (way) => {
    it.each(['chat', 'responses'] as const)('serves a %s client through the official SDK', async (dialect) => {
      const before = setup.api.requests.length;
      play(way);
      const seen = await ask(setup.client, { dialect, stream: way.stream });
      expect(seen).toMatchObject({ text: fixture.expect.text, finish: 'stop', calls: [] });
      expect(setup.api.requests.slice(before).map(({ target }) => target)).toEqual(fixture.expect.api);
    });

    it('tells the model what it said itself, signatures and ids included', async () => {
      play(way);
      await ask(setup.client, { dialect: 'chat', stream: way.stream });
      const message = setup.model.requests[1]!.body.messages[1];
      for (const { path, value } of fixture.expect.repeated ?? [])
        expect(
          path.reduce((each, key) => each?.[key], message),
          path.join('.'),
        ).toEqual(value);
      const ids = message.tool_calls.map((call: { id: string }) => call.id);
      expect(new Set(ids).size).toBe(ids.length);
      const results = setup.model.requests[1]!.body.messages.filter(({ role }: { role: string }) => role === 'tool');
      expect(results.map((result: { tool_call_id: string }) => result.tool_call_id)).toEqual(ids);
      expect(transcriptOf(setup.model.requests[1]!).filter(([kind]) => kind === 'call')).toHaveLength(ids.length);
    });

    it('hands over its calls when they are the client’s', async () => {
      play(way);
      const { calls, finish } = await ask(setup.client, {
        dialect: 'chat',
        stream: way.stream,
        tools: ['get_weather'],
      });
      expect(calls.map(({ args }) => JSON.parse(args).city)).toEqual(
        fixture.expect.api.map((target) => target.split('=')[1]),
      );
      expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
      expect(finish).toBe('tool_calls');
    });
  });

  it('makes streams that keep every rule', async () => {
    for (const tools of [[], ['get_weather']]) {
      play({ stream: true, pieceBytes: undefined });
      const chat = await setup.post('/v1/chat/completions', { ...requestFor('chat', { tools }), stream: true });
      checkChatStream(await chat.text());
      play({ stream: true, pieceBytes: undefined });
      const responses = await setup.post('/v1/responses', { ...requestFor('responses', { tools }), stream: true });
      checkResponsesStream(await responses.text());
    }
  });
});
