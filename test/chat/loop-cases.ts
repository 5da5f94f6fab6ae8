import { expect } from 'vitest';
import { answer, DONE, errorsIn, type LoopCase, resultsIn, weather } from './loop-case.ts';
import type { Dialect, Said } from './model-turns.ts';
import { forced, type Line, toolNames, transcriptOf } from './transcript.ts';

const rounds = (count: number): Said[] =>
  Array.from({ length: count }, (_, index) => ({ calls: [weather(`City ${index}`)] }));

export const LOOP_CASES: readonly LoopCase[] = [
  {
    it: 'answers without calls as the model does',
    turns: [DONE],
    check({ seen, asked, api }) {
      expect(seen).toMatchObject({ text: 'Done.', finish: 'stop', calls: [] });
      expect(toolNames(asked[0]!)).toEqual(['get_weather', 'get_forecast']);
      expect([asked.length, api.length]).toEqual([1, 0]);
    },
  },
  {
    it: 'runs a call and gives the model its result',
    turns: [{ calls: [weather('Lisbon')] }, DONE],
    check({ seen, asked, api }) {
      expect(seen).toMatchObject({ text: 'Done.', finish: 'stop', calls: [] });
      expect(api).toEqual(['/weather?city=Lisbon']);
      expect(transcriptOf(asked[1]!)).toEqual<Line[]>([
        ['user', 'What is the weather?'],
        ['call', 'get_weather', '{"city":"Lisbon"}'],
        ['result', answer('Lisbon')],
      ]);
    },
  },
  {
    it: 'gives the results of parallel calls in the order of the calls',
    turns: [{ calls: [weather('Slow'), weather('Oslo'), weather('Cairo')] }, DONE],
    check({ asked, api }) {
      expect(resultsIn(asked[1]!)).toEqual([answer('Slow'), answer('Oslo'), answer('Cairo')]);
      expect(api).toHaveLength(3);
    },
  },
  {
    it: 'goes on for several rounds',
    turns: [...rounds(3), DONE],
    check({ seen, asked }) {
      expect(seen.text).toBe('Done.');
      expect(asked).toHaveLength(4);
      expect(resultsIn(asked[3]!)).toHaveLength(3);
    },
  },
  {
    it: 'shows what the model says before a call',
    turns: [{ text: 'Let me see.', calls: [weather('Lisbon')] }, DONE],
    check({ seen, asked }) {
      expect(seen.text).toBe('Let me see.\n\nDone.');
      expect(transcriptOf(asked[1]!)).toContainEqual(['assistant', 'Let me see.']);
    },
  },
  {
    it: 'asks for an answer without tools when the rounds are used up',
    turns: [...rounds(8), DONE],
    check({ seen, asked, api }) {
      expect(seen.text).toBe('Done.');
      expect(asked).toHaveLength(9);
      expect(asked[8]!.body.tool_choice).toBe('none');
      expect(api).toHaveLength(8);
    },
  },
  {
    it: 'answers for a model that never stops calling',
    turns: rounds(20),
    check({ seen, asked, api }) {
      expect(seen.text).toBe(
        'The limit of 8 rounds of tool calls is reached, and the model came to no answer. Not done: get_weather.',
      );
      expect(seen).toMatchObject({ finish: 'stop', calls: [] });
      expect([asked.length, api.length]).toEqual([9, 8]);
    },
  },
  {
    it: 'keeps to a limit of rounds of the operator',
    turns: [...rounds(2), DONE],
    limits: { rounds: 2 },
    check({ asked }) {
      expect(asked.map(({ body }) => body.tool_choice)).toEqual([undefined, undefined, 'none']);
    },
  },
  {
    it: 'refuses calls over the budget, and says so',
    turns: [{ calls: [weather('A'), weather('B'), weather('C')] }, DONE],
    limits: { calls: 2, parallel: 1 },
    check(result) {
      expect(result.api).toHaveLength(2);
      const last = JSON.parse(resultsIn(result.asked[1]!)[2]!).error;
      expect(last).toMatchObject({ type: 'tool_unavailable', code: 'calls', retryable: false });
      expect(result.asked[1]!.body.tool_choice).toBe('none');
    },
  },
  {
    it: 'ends at the limit of result bytes',
    turns: [{ calls: [weather('A')] }, DONE],
    limits: { resultBytes: 10 },
    check: ({ asked }) => expect(asked[1]!.body.tool_choice).toBe('none'),
  },
  {
    it: 'ends at the limit of seconds, aborting what runs',
    turns: [{ calls: [weather('Never')] }, DONE],
    limits: { seconds: 0.3 },
    check(result) {
      expect(errorsIn(result)[0]).toMatchObject({ type: 'tool_unavailable' });
      expect(result.asked[1]!.body.tool_choice).toBe('none');
      expect(result.seen.text).toBe('Done.');
    },
  },
  {
    it: 'does not run the same call with the same result for ever',
    turns: [
      { calls: [weather('A')] },
      { calls: [weather('A')] },
      { calls: [weather('A')] },
      { calls: [weather('A')] },
      DONE,
    ],
    check(result) {
      expect(result.api).toHaveLength(3);
      expect(JSON.parse(resultsIn(result.asked[4]!)[3]!).error.code).toBe('repeated');
      expect(result.seen.text).toBe('Done.');
    },
  },
  {
    it: 'knows the same call by its meaning, not its spelling',
    turns: [
      { calls: [{ name: 'get_weather', args: '{"city":"A","units":"metric"}' }] },
      { calls: [{ name: 'get_weather', args: '{ "units": "metric", "city": "A" }' }] },
      { calls: [{ name: 'get_weather', args: '{"city":"A", "units":"metric"}' }] },
      { calls: [{ name: 'get_weather', args: '{"units":"metric","city":"A"}' }] },
      DONE,
    ],
    check: ({ api }) => expect(api).toHaveLength(3),
  },
  {
    it: 'hands over calls of the client',
    turns: [{ calls: [{ name: 'read_file', args: { path: '/a' } }] }],
    ask: () => ({ tools: ['read_file'] }),
    check({ seen, asked, api }) {
      expect(seen).toMatchObject({ finish: 'tool_calls', calls: [{ name: 'read_file', args: '{"path":"/a"}' }] });
      expect(toolNames(asked[0]!)).toEqual(['read_file', 'get_weather', 'get_forecast']);
      expect([asked.length, api.length]).toEqual([1, 0]);
    },
  },
  {
    it: 'runs ours and hands over theirs when a turn has both',
    turns: [
      {
        calls: [
          weather('Lisbon'),
          { name: 'read_file', args: { path: '/a' } },
          weather('Oslo'),
          { name: 'read_file', args: { path: '/b' } },
        ],
      },
    ],
    ask: () => ({ tools: ['read_file'] }),
    check({ seen, api }) {
      expect(seen.calls.map(({ args }) => args)).toEqual(['{"path":"/a"}', '{"path":"/b"}']);
      expect(seen.finish).toBe('tool_calls');
      expect(api).toHaveLength(2);
    },
  },
  {
    it: 'hands over calls of the client after rounds of ours',
    turns: [
      { calls: [weather('Lisbon')] },
      { text: 'Now the file.', calls: [{ name: 'read_file', args: { path: '/a' } }] },
    ],
    ask: () => ({ tools: ['read_file'] }),
    check: ({ seen }) =>
      expect(seen).toMatchObject({ text: 'Now the file.', finish: 'tool_calls', calls: [{ name: 'read_file' }] }),
  },
  {
    it: 'tells the model that nobody has a tool',
    turns: [{ calls: [{ name: 'get_stocks', args: {} }] }, DONE],
    check(result) {
      expect(errorsIn(result)[0]).toMatchObject({ type: 'mcp_protocol_error', code: -32602 });
      expect(errorsIn(result)[0].message).toContain('Available options are: "get_weather", "get_forecast"');
      expect(result.seen.text).toBe('Done.');
    },
  },
  {
    it: 'answers an unknown tool beside one of the client, without showing it',
    turns: [{ calls: [{ name: 'get_stocks' }, { name: 'read_file', args: { path: '/a' } }] }],
    ask: () => ({ tools: ['read_file'] }),
    check: ({ seen }) => expect(seen.calls.map(({ name }) => name)).toEqual(['read_file']),
  },
  {
    it: 'tells the model that its arguments are no JSON, and sends nothing',
    turns: [{ calls: [{ name: 'get_weather', args: '{"city": ' }] }, DONE],
    check(result) {
      expect(errorsIn(result)[0]).toMatchObject({
        type: 'mcp_protocol_error',
        code: -32602,
        parameters: { properties: {} },
      });
      expect(errorsIn(result)[0].message).toContain('not JSON');
      expect(result.api).toEqual([]);
    },
  },
  {
    it: 'tells the model that its arguments are no object',
    turns: [{ calls: [{ name: 'get_weather', args: '["Lisbon"]' }] }, DONE],
    check: (result) => expect(errorsIn(result)[0].message).toContain('must be a JSON object'),
  },
  {
    it: 'names the argument that is wrong, with its schema',
    turns: [{ calls: [weather(7)] }, DONE],
    check(result) {
      expect(errorsIn(result)[0]).toMatchObject({
        type: 'mcp_protocol_error',
        parameters: { properties: { city: { type: 'string' } }, required: ['city'] },
      });
      expect(errorsIn(result)[0].message).toMatch(/city: must be string/);
      expect(result.api).toEqual([]);
    },
  },
  {
    it: 'takes no arguments at all for an empty object',
    turns: [{ calls: [{ name: 'get_weather', args: '' }] }, DONE],
    check: (result) => expect(errorsIn(result)[0].message).toContain('city: is required'),
  },
  {
    it: 'takes null for an empty object',
    turns: [{ calls: [{ name: 'get_weather', args: 'null' }] }, DONE],
    check: (result) => expect(errorsIn(result)[0].message).toContain('city: is required'),
  },
  {
    it: 'takes arguments that were quoted twice',
    turns: [{ calls: [{ name: 'get_weather', args: '"{\\"city\\":\\"Lisbon\\"}"' }] }, DONE],
    check: ({ api }) => expect(api).toEqual(['/weather?city=Lisbon']),
  },
  {
    it: 'knows a tool behind the prefix that some models put before it',
    turns: [{ calls: [{ name: 'functions.get_weather', args: { city: 'Lisbon' } }] }, DONE],
    check: ({ api }) => expect(api).toEqual(['/weather?city=Lisbon']),
  },
  {
    it: "gives the model the API's refusal",
    turns: [{ calls: [weather('Nowhere')] }, DONE],
    check(result) {
      expect(errorsIn(result)[0]).toMatchObject({ type: 'http_error', code: 404 });
      expect(errorsIn(result)[0].message).toContain('There is no such city');
      expect(result.seen.text).toBe('Done.');
    },
  },
  {
    it: 'gives the model the failure of an API',
    turns: [{ calls: [weather('Broken')] }, DONE],
    check: (result) => expect(errorsIn(result)[0]).toMatchObject({ type: 'http_error', code: 500 }),
  },
  {
    it: 'gives the model a connection that broke, as retryable',
    turns: [{ calls: [weather('Reset')] }, DONE],
    check: (result) => expect(errorsIn(result)[0]).toMatchObject({ type: 'tool_unavailable', code: 'CONNECT_FAILED' }),
  },
  {
    it: 'gives the model a call that took too long',
    turns: [{ calls: [weather('Never')] }, DONE],
    check: (result) => expect(errorsIn(result)[0]).toMatchObject({ type: 'tool_unavailable', code: 'TIMEOUT' }),
  },
  {
    it: 'keeps good results beside a bad one',
    turns: [{ calls: [weather('Oslo'), weather('Nowhere'), weather('Cairo')] }, DONE],
    check({ asked }) {
      const [first, second, third] = resultsIn(asked[1]!);
      expect([first, third]).toEqual([answer('Oslo'), answer('Cairo')]);
      expect(JSON.parse(second!).error.code).toBe(404);
    },
  },
  {
    it: 'passes a refusal of the model on',
    turns: [{ refusal: 'I cannot help with that.' }],
    check: ({ seen }) => expect(seen).toMatchObject({ text: '', refusal: 'I cannot help with that.' }),
  },
  {
    it: 'passes an answer on that was cut at its length',
    turns: [{ calls: [weather('Lisbon')] }, { text: 'It is', finish: 'length' }],
    check: ({ seen }) => expect(seen).toMatchObject({ text: 'It is', finish: 'length' }),
  },
  {
    it: 'passes a content filter on',
    turns: [{ text: 'It', finish: 'content_filter' }],
    check: ({ seen }) => expect(seen.finish).toBe('content_filter'),
  },
  {
    it: 'adds up the tokens of all rounds',
    turns: [
      { calls: [weather('A')], usage: [100, 20] },
      { calls: [weather('B')], usage: [200, 30] },
      { text: 'Done.', usage: [300, 50] },
    ],
    check: ({ seen }) => expect(seen.tokens).toBe(700),
  },
  {
    it: 'forces a tool on the first turn only',
    turns: [{ calls: [weather('Lisbon')] }, DONE],
    ask: (client) => ({ choice: forced('get_weather', client) }),
    check({ asked, upstream }) {
      expect(asked.map(({ body }) => body.tool_choice)).toEqual([forced('get_weather', upstream), 'auto']);
    },
  },
  {
    it: 'requires a tool on the first turn only',
    turns: [{ calls: [weather('Lisbon')] }, { calls: [weather('Oslo')] }, DONE],
    ask: () => ({ choice: 'required' }),
    check: ({ asked }) => expect(asked.map(({ body }) => body.tool_choice)).toEqual(['required', 'auto', 'auto']),
  },
  {
    it: 'offers nothing to a client that wants no tools',
    turns: [DONE],
    ask: () => ({ choice: 'none' }),
    check: ({ asked, seen }) => {
      expect(toolNames(asked[0]!)).toEqual([]);
      expect(seen.text).toBe('Done.');
    },
  },
  {
    it: "leaves a name to the client's tool, and gives ours another",
    turns: [{ calls: [weather('Lisbon')] }],
    ask: () => ({ tools: ['get_weather'] }),
    check({ seen, asked, api }) {
      expect(toolNames(asked[0]!)).toEqual(['get_weather', 'weather_get_weather', 'get_forecast']);
      expect(seen.calls).toMatchObject([{ name: 'get_weather' }]);
      expect(api).toEqual([]);
    },
  },
  {
    it: 'runs ours under its other name',
    turns: [{ calls: [{ name: 'weather_get_weather', args: { city: 'Lisbon' } }] }, DONE],
    ask: () => ({ tools: ['get_weather'] }),
    check: ({ api }) => expect(api).toEqual(['/weather?city=Lisbon']),
  },
  {
    it: 'gives calls of the client ids of its own where the upstream counts them',
    turns: [{ calls: [{ name: 'read_file', args: { path: '/a' }, id: 'call_0' }] }],
    ask: () => ({ tools: ['read_file'] }),
    check: ({ seen }) => expect(seen.calls[0]!.id).toMatch(/^call_[0-9a-f]{24}$/),
  },
  {
    it: 'keeps ids that are unique',
    turns: [{ calls: [{ name: 'read_file', args: { path: '/a' }, id: 'call_ZyXwVuTsRqPoNmLkJiHgFeDc' }] }],
    ask: () => ({ tools: ['read_file'] }),
    check: ({ seen }) => expect(seen.calls[0]!.id).toBe('call_ZyXwVuTsRqPoNmLkJiHgFeDc'),
  },
  {
    it: 'carries the reasoning from round to round',
    turns: [{ reasoning: 'I need the weather.', calls: [weather('Lisbon')] }, DONE],
    check({ asked, upstream, client }) {
      const [, ...lines] = transcriptOf(asked[1]!);
      if (upstream === 'responses') expect(lines[0]).toEqual(['reasoning', expect.stringMatching(/^sealed-/)]);
      else expect(asked[1]!.body.messages[1].reasoning_content).toBe('I need the weather.');
      if (upstream === 'responses' && client === 'chat')
        expect(asked[0]!.body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
    },
  },
  {
    it: 'keeps characters of every kind whole',
    turns: [{ text: 'Schön 👩‍👩‍👧 “süß” \u2028', calls: [weather('São Paulo 🌧')] }, { text: '雨' }],
    check({ seen, api }) {
      expect(seen.text).toBe('Schön 👩‍👩‍👧 “süß” \u2028\n\n雨');
      expect(api).toEqual(['/weather?city=S%C3%A3o%20Paulo%20%F0%9F%8C%A7']);
    },
  },
  {
    it: 'gives the model images where its dialect has them',
    turns: [{ calls: [weather('Picture')] }, DONE],
    check({ asked, upstream }) {
      const [result] = resultsIn(asked[1]!);
      if (upstream === 'responses') expect(result).toBe('image/png, 4 bytes|data:image/png;base64,iVBORw==');
      else expect(result).toContain('image/png, 4 bytes');
    },
  },
  {
    it: 'gives the model the status of an answer without content',
    turns: [{ calls: [weather('Empty')] }, DONE],
    check: ({ asked }) => expect(resultsIn(asked[1]!)).toEqual(['HTTP 204 No Content']),
  },
  {
    it: 'passes parameters of the model on',
    turns: [DONE],
    ask: () => ({
      more: { temperature: 0.2, top_p: 0.9, parallel_tool_calls: false, user: 'u1', metadata: { a: 'b' } },
    }),
    check: ({ asked }) =>
      expect(asked[0]!.body).toMatchObject({
        temperature: 0.2,
        top_p: 0.9,
        parallel_tool_calls: false,
        user: 'u1',
        metadata: { a: 'b' },
      }),
  },
  {
    it: 'translates limits, effort and formats between the dialects',
    turns: [DONE],
    ask: (client) => ({ more: client === 'chat' ? CHAT_PARAMETERS : RESPONSES_PARAMETERS }),
    check: ({ asked, upstream }) =>
      expect(asked[0]!.body).toMatchObject(upstream === 'chat' ? { ...CHAT_PARAMETERS } : RESPONSES_PARAMETERS),
  },
  {
    it: 'passes on what the client allows, and forces nothing after the first turn',
    turns: [{ calls: [weather('Lisbon')] }, DONE],
    ask: (client) => ({ choice: allowed('required', client) }),
    check: ({ asked, upstream }) =>
      expect(asked.map(({ body }) => body.tool_choice)).toEqual([
        allowed('required', upstream),
        allowed('auto', upstream),
      ]),
  },
  {
    it: 'drops what would choose another provider',
    turns: [DONE],
    ask: () => ({
      more: { api_base: 'http://attacker', base_url: 'http://attacker', api_key: 'sk-x', extra_headers: { host: 'x' } },
    }),
    check: ({ asked }) => expect(Object.keys(asked[0]!.body)).not.toEqual(expect.arrayContaining(['api_base'])),
  },
];

const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const CHAT_PARAMETERS = {
  max_tokens: 50,
  reasoning_effort: 'low',
  response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: SCHEMA } },
};
const RESPONSES_PARAMETERS = {
  max_output_tokens: 50,
  reasoning: { effort: 'low' },
  text: { format: { type: 'json_schema', name: 'x', strict: true, schema: SCHEMA } },
};

function allowed(mode: string, dialect: Dialect): unknown {
  const tools = [forced('get_weather', dialect)];
  return dialect === 'chat'
    ? { type: 'allowed_tools', allowed_tools: { mode, tools } }
    : { type: 'allowed_tools', mode, tools };
}
