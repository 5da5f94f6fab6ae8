import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dialect, say } from './model-turns.ts';
import { type ProxySetup, startProxy, TOKEN } from './setup.ts';
import { ask, transcriptOf } from './transcript.ts';

const OTHER_TOKEN = 'another-token-of-the-bridge-9876543210';
const READ_FILE = { name: 'read_file', parameters: { type: 'object', properties: { path: { type: 'string' } } } };
const WEATHER = { name: 'get_weather', args: { city: 'Lisbon' } };
const FILE = { name: 'read_file', args: { path: '/a' } };
const RESULT = '{"city":"Lisbon","units":"metric","temperature":21.4,"path":"/weather"}';

const setups = new Map<Dialect, ProxySetup>();
beforeAll(async () => {
  for (const dialect of ['chat', 'responses'] as const)
    setups.set(
      dialect,
      await startProxy({
        upstream: { dialect },
        tokens: [
          { token: TOKEN, principal: 'a' },
          { token: OTHER_TOKEN, principal: 'b' },
        ],
      }),
    );
});
afterAll(async () => {
  for (const setup of setups.values()) await setup.close();
});

describe.each(['chat', 'responses'] as const)('a model that speaks %s', (upstream) => {
  const play = (...turns: Parameters<typeof say>[0][]) =>
    setups.get(upstream)!.model.play(...turns.map((turn) => say(turn, upstream, false)));
  // biome-ignore lint/suspicious/noExplicitAny: messages of any kind
  type Messages = any[];

  /** A chat client that runs its own tools, and repeats the conversation each time. */
  async function chat(messages: Messages, init: RequestInit = {}): Promise<Messages[number]> {
    const body = { model: 'm', messages, tools: [{ type: 'function', function: READ_FILE }] };
    const response = await setups.get(upstream)!.post('/v1/chat/completions', body, init);
    expect(response.status).toBe(200);
    return ((await response.json()) as { choices: { message: Messages[number] }[] }).choices[0]!.message;
  }

  it.each([{ id: undefined }, { id: 'call_0' }])(
    'is told our results of a mixed turn when the client comes back ($id)',
    async ({ id }) => {
      const given = id === undefined ? {} : { id };
      play({ reasoning: 'Both.', calls: [WEATHER, { ...FILE, ...given }] }, { text: 'Done.' });
      const question = { role: 'user', content: 'Both, please' };
      const handed = await chat([question]);
      expect(handed.tool_calls).toHaveLength(1);
      const last = await chat([
        question,
        handed,
        { role: 'tool', tool_call_id: handed.tool_calls[0].id, content: 'the file' },
      ]);
      expect(last.content).toBe('Done.');
      const { requests } = setups.get(upstream)!.model;
      expect(transcriptOf(requests[1]!).filter(([kind]) => kind !== 'reasoning')).toEqual([
        ['user', 'Both, please'],
        ['call', 'get_weather', '{"city":"Lisbon"}'],
        ['call', 'read_file', '{"path":"/a"}'],
        ['result', RESULT],
        ['result', 'the file'],
      ]);
      if (upstream === 'responses')
        expect(transcriptOf(requests[1]!)).toContainEqual(['reasoning', expect.stringContaining('sealed-')]);
      const results = requests[1]!.body.messages ?? requests[1]!.body.input;
      const ids = results.map((item: Messages[number]) => item.tool_call_id ?? item.call_id).filter(Boolean);
      if (id !== undefined) expect(ids.at(-1)).toBe(id);
    },
  );

  it('is told rounds of ours that came before a call of the client', async () => {
    play({ calls: [WEATHER] }, { calls: [FILE] }, { text: 'Done.' });
    const handed = await chat([{ role: 'user', content: 'q' }]);
    await chat([
      { role: 'user', content: 'q' },
      handed,
      { role: 'tool', tool_call_id: handed.tool_calls[0].id, content: 'x' },
    ]);
    const kinds = transcriptOf(setups.get(upstream)!.model.requests[2]!).map(([kind, name]) =>
      kind === 'call' ? name : kind,
    );
    expect(kinds).toEqual(['user', 'get_weather', 'result', 'read_file', 'result']);
  });

  it('is told nothing that was remembered for another principal', async () => {
    play({ calls: [WEATHER, FILE] }, { text: 'Done.' });
    const handed = await chat([{ role: 'user', content: 'q' }]);
    const messages = [
      { role: 'user', content: 'q' },
      handed,
      { role: 'tool', tool_call_id: handed.tool_calls[0].id, content: 'x' },
    ];
    await chat(messages, { headers: { authorization: `Bearer ${OTHER_TOKEN}` } });
    expect(JSON.stringify(setups.get(upstream)!.model.requests[1]!.body)).not.toContain('21.4');
  });

  it('continues a response by its id', async () => {
    const { client, model } = setups.get(upstream)!;
    play({ calls: [WEATHER] }, { text: 'It is 21.' }, { text: 'Warm.' });
    const first = await client.responses.create({ model: 'm', input: 'Weather?', instructions: 'Be short.' });
    await client.responses.create({ model: 'm', input: 'Is that warm?', previous_response_id: first.id });
    const second = model.requests[2]!;
    if (upstream === 'responses') {
      expect(second.body.previous_response_id).toMatch(/^resp_/);
      expect(second.body.previous_response_id).not.toBe(first.id);
      expect(transcriptOf(second)).toEqual([['user', 'Is that warm?']]);
    } else {
      expect(second.body.previous_response_id).toBeUndefined();
      expect(transcriptOf(second)).toEqual([
        ['user', 'Weather?'],
        ['call', 'get_weather', '{"city":"Lisbon"}'],
        ['result', RESULT],
        ['assistant', 'It is 21.'],
        ['user', 'Is that warm?'],
      ]);
    }
  });

  it('continues a mixed response by its id', async () => {
    const { client, model } = setups.get(upstream)!;
    play({ calls: [WEATHER, FILE] }, { text: 'Done.' });
    const tools = [{ type: 'function' as const, ...READ_FILE, strict: false }];
    const first = await client.responses.create({ model: 'm', input: 'Both', tools });
    const call = first.output.find((item) => item.type === 'function_call')!;
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'the file' };
    const second = await client.responses.create({
      model: 'm',
      input: [output],
      tools,
      previous_response_id: first.id,
    });
    expect(second.output_text).toBe('Done.');
    const told = transcriptOf(model.requests[1]!);
    expect(told.slice(-2)).toEqual([
      ['result', RESULT],
      ['result', 'the file'],
    ]);
    if (upstream === 'responses') expect(told).toHaveLength(2);
    else expect(told).toHaveLength(5);
  });

  it('is told everything by a client that repeats the output itself', async () => {
    const { client, model } = setups.get(upstream)!;
    play({ calls: [WEATHER, FILE] }, { text: 'Done.' });
    const tools = [{ type: 'function' as const, ...READ_FILE, strict: false }];
    const first = await client.responses.create({ model: 'm', input: 'Both', tools, store: false });
    const call = first.output.find((item) => item.type === 'function_call')!;
    // biome-ignore lint/suspicious/noExplicitAny: output items are input items
    const input: any[] = [
      { role: 'user', content: 'Both' },
      ...first.output,
      { type: 'function_call_output', call_id: call.call_id, output: 'the file' },
    ];
    await client.responses.create({ model: 'm', input, tools, store: false });
    expect(transcriptOf(model.requests[1]!)).toEqual([
      ['user', 'Both'],
      ['call', 'get_weather', '{"city":"Lisbon"}'],
      ['result', RESULT],
      ['call', 'read_file', '{"path":"/a"}'],
      ['result', 'the file'],
    ]);
  });

  it.each([
    // biome-ignore lint/suspicious/noExplicitAny: output items are input items
    { how: 'repeats calls of ours without their results', repeat: ({ output: _, error: __, ...item }: any) => item },
    // biome-ignore lint/suspicious/noExplicitAny: the same
    { how: 'only refers to items', repeat: ({ id }: any) => ({ type: 'item_reference', id }) },
  ])('is told everything when a client $how (OpenAI Agents SDK, AI SDK)', async ({ repeat }) => {
    const { client, model } = setups.get(upstream)!;
    play({ reasoning: 'Hm.', calls: [WEATHER, { ...FILE, id: 'call_0' }] }, { text: 'Done.' });
    const tools = [{ type: 'function' as const, ...READ_FILE, strict: false }];
    const first = await client.responses.create({ model: 'm', input: 'Both', tools });
    const call = first.output.find((item) => item.type === 'function_call')!;
    // biome-ignore lint/suspicious/noExplicitAny: output items are input items
    const kept: any[] = first.output.map((item) =>
      upstream === 'responses' && item.type !== 'mcp_call' ? item : repeat(item),
    );
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'the file' };
    await client.responses.create({ model: 'm', input: [{ role: 'user', content: 'Both' }, ...kept, result], tools });
    expect(transcriptOf(model.requests[1]!).filter(([kind]) => kind !== 'reasoning')).toEqual([
      ['user', 'Both'],
      ['call', 'get_weather', '{"city":"Lisbon"}'],
      ['result', RESULT],
      ['call', 'read_file', '{"path":"/a"}'],
      ['result', 'the file'],
    ]);
  });

  it('is told that a result is not known any more, and none is made up', async () => {
    const { client, model } = setups.get(upstream)!;
    play({ text: 'Done.' });
    // biome-ignore lint/suspicious/noExplicitAny: an item without its result
    const item: any = {
      type: 'mcp_call',
      id: 'mcp_ab_call_forgotten',
      name: 'get_weather',
      arguments: '{}',
      server_label: 'actionbridge',
    };
    await client.responses.create({ model: 'm', input: [item, { role: 'user', content: 'x' }] });
    expect(transcriptOf(model.requests[0]!)[1]).toEqual(['result', expect.stringContaining('not known any more')]);
  });

  it('runs the tools of runTools beside ours', async () => {
    const { client } = setups.get(upstream)!;
    play({ calls: [WEATHER, FILE] }, { calls: [WEATHER] }, { text: 'All done.' });
    const read: unknown[] = [];
    const runner = client.chat.completions.runTools({
      model: 'm',
      messages: [{ role: 'user', content: 'go' }],
      tools: [
        {
          type: 'function',
          function: {
            ...READ_FILE,
            description: 'reads',
            parse: JSON.parse,
            function: (args: unknown) => read.push(args) && 'content',
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('All done.');
    expect(read).toEqual([{ path: '/a' }]);
  });
});

it('says that a response is not known where the provider has no responses', async () => {
  const { client } = setups.get('chat')!;
  await expect(
    client.responses.create({ model: 'm', input: 'x', previous_response_id: 'resp_nobody' }),
  ).rejects.toMatchObject({
    status: 400,
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  });
});

it('hands over in a stream what a later request completes', async () => {
  const { client, model } = setups.get('chat')!;
  model.play(
    say({ text: 'I look.', calls: [WEATHER, { ...FILE, id: '0' }] }, 'chat', true),
    say({ text: 'Done.' }, 'chat', true),
  );
  const seen = await ask(client, { dialect: 'chat', stream: true, tools: ['read_file'] });
  await client.chat.completions
    .stream({
      model: 'm',
      messages: [
        { role: 'user', content: 'What is the weather?' },
        {
          role: 'assistant',
          content: seen.text,
          tool_calls: seen.calls.map(({ id, name, args }) => ({
            id,
            type: 'function',
            function: { name, arguments: args },
          })),
        },
        { role: 'tool', tool_call_id: seen.calls[0]!.id, content: 'the file' },
      ],
    })
    .finalChatCompletion();
  expect(transcriptOf(model.requests[1]!)).toEqual([
    ['user', 'What is the weather?'],
    ['assistant', 'I look.'],
    ['call', 'get_weather', '{"city":"Lisbon"}'],
    ['call', 'read_file', '{"path":"/a"}'],
    ['result', RESULT],
    ['result', 'the file'],
  ]);
});
