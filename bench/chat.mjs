// What the proxy adds to a round: the same requests straight to a scripted model, and through the proxy, in turn.
// npm run bench:chat [-- ROUNDS]
import { fork, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { Pool } from 'undici';

const WORDS = 40;

const ASK = { model: 'm', messages: [{ role: 'user', content: 'Say something' }] };
const CALL = { model: 'm', messages: [{ role: 'user', content: 'Please call the tool' }] };
const CASES = [
  { name: 'chat, whole', path: '/v1/chat/completions', body: ASK, turns: 1 },
  { name: 'chat, streamed', path: '/v1/chat/completions', body: { ...ASK, stream: true }, turns: 1 },
  { name: 'responses, whole', path: '/v1/responses', body: { model: 'm', input: 'Say something' }, turns: 1 },
  {
    name: 'responses, streamed',
    path: '/v1/responses',
    body: { model: 'm', input: 'Say something', stream: true },
    turns: 1,
  },
  { name: 'chat with a call, whole', path: '/v1/chat/completions', body: CALL, turns: 2 },
  { name: 'chat with a call, streamed', path: '/v1/chat/completions', body: { ...CALL, stream: true }, turns: 2 },
];

if (process.argv[2] === 'model') serveModel();
else await measure(Number(process.argv[2] ?? 400));

/** A model that answers at once: with a call when it has tools and was asked to call, else with text. Also the API behind the tool. */
function serveModel() {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => answer(request, response, Buffer.concat(chunks)));
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

function answer(request, response, bytes) {
  if (request.method === 'GET') return sendJson(response, { city: 'Lisbon', temperature: 21.4 });
  const body = JSON.parse(bytes.toString());
  const conversation = JSON.stringify(body.messages ?? body.input);
  const calls = body.tools && conversation.includes('call the tool') && !conversation.includes('21.4');
  const write = request.url.endsWith('/responses') ? asResponse : asCompletion;
  const { whole, events } = write(calls);
  if (!body.stream) return sendJson(response, whole);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(event);
  response.end();
}

function sendJson(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function asCompletion(calls) {
  const base = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'm' };
  const call = {
    id: 'call_abcdefghijklmnopqrstuvwx',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Lisbon"}' },
  };
  const message = calls
    ? { role: 'assistant', content: null, tool_calls: [call] }
    : { role: 'assistant', content: text().join('') };
  const finish_reason = calls ? 'tool_calls' : 'stop';
  const deltas = calls ? [{ tool_calls: [{ index: 0, ...call }] }] : text().map((content) => ({ content }));
  const chunk = (delta, finish = null) =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return {
    whole: { ...base, object: 'chat.completion', choices: [{ index: 0, message, finish_reason }] },
    events: [
      chunk({ role: 'assistant', content: '' }),
      ...deltas.map((delta) => chunk(delta)),
      chunk({}, finish_reason),
      'data: [DONE]\n\n',
    ],
  };
}

function asResponse(calls) {
  const part = { type: 'output_text', text: text().join(''), annotations: [] };
  const item = calls
    ? {
        id: 'fc_1',
        type: 'function_call',
        call_id: 'call_abcdefghijklmnopqrstuvwx',
        name: 'get_weather',
        arguments: '{"city":"Lisbon"}',
      }
    : { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [part] };
  const whole = {
    id: 'resp_bench',
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    model: 'm',
    output: [item],
  };
  const deltas = calls
    ? []
    : [
        { type: 'response.content_part.added', output_index: 0, content_index: 0, part: { ...part, text: '' } },
        ...text().map((delta) => ({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta })),
      ];
  const events = [
    { type: 'response.created', response: { ...whole, output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: calls ? item : { ...item, content: [] } },
    ...deltas,
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: whole },
  ];
  return { whole, events: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`) };
}

function text() {
  return Array.from({ length: WORDS }, (_, index) => `word${index} `);
}

async function measure(rounds) {
  const model = fork(process.argv[1], ['model']);
  const modelUrl = `http://127.0.0.1:${await new Promise((resolve) => model.once('message', resolve))}`;
  const { child, url } = await startProxy(modelUrl);
  const direct = new Pool(modelUrl, { connections: 1 });
  const proxied = new Pool(url, { connections: 1 });
  const rows = [];
  for (const { name, path, body, turns } of CASES) {
    const samples = { direct: [], proxied: [] };
    for (let index = -20; index < rounds; index++) {
      const straight = await time(direct, path, body);
      const through = await time(proxied, path, body);
      if (index < 0) continue;
      samples.direct.push(straight);
      samples.proxied.push(through);
    }
    rows.push(...rowsFor(name, turns, samples, body.stream === true));
  }
  console.table(Object.fromEntries(rows));
  await Promise.all([direct.close(), proxied.close()]);
  child.kill();
  model.kill();
}

/** A case with a call has two turns of the model and one request to the API; without the proxy each would cost one direct request. */
function rowsFor(name, turns, { direct, proxied }, stream) {
  const moments = stream ? ['first', 'last'] : ['last'];
  return moments.map((moment) => {
    const straight = quantiles(direct.map((sample) => sample[moment]));
    const through = quantiles(proxied.map((sample) => sample[moment]));
    const requests = turns === 1 ? 1 : 3;
    const label = stream ? `${name}: ${moment} byte` : name;
    return [
      label,
      {
        'direct median ms': round(straight.median),
        'proxy median ms': round(through.median),
        'proxy p99 ms': round(through.p99),
        'added per round ms': round((through.median - requests * straight.median) / turns),
      },
    ];
  });
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], p99: sorted[Math.floor(sorted.length * 0.99)] };
}

function round(ms) {
  return Math.round(ms * 100) / 100;
}

async function time(pool, path, body) {
  const started = performance.now();
  const answer = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', authorization: 'Bearer a-token-of-the-bench-0123456789' },
    body: JSON.stringify(body),
  });
  let first;
  let bytes = '';
  for await (const chunk of answer.body) {
    bytes += chunk;
    // The first text of the answer, not the announcement of one.
    if (first === undefined && (bytes.includes('word0') || bytes.includes('tool_calls')))
      first = performance.now() - started;
  }
  if (answer.statusCode !== 200 || !/word39|tool_calls/.test(bytes))
    throw new Error(`${path}: ${answer.statusCode} ${bytes.slice(0, 300)}`);
  return { first, last: performance.now() - started };
}

async function startProxy(modelUrl) {
  const words = ['serve', 'specs/weather.yaml', '--base-url', modelUrl, '--upstream', `${modelUrl}/v1`, '--http', '0'];
  const child = spawn(process.execPath, [
    'dist/actionbridge.mjs',
    ...words,
    '--token',
    'a-token-of-the-bench-0123456789',
    '--rate-limit',
    '0',
  ]);
  let said = '';
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      const found = /base URL (\S+)\/v1/.exec(said)?.[1];
      if (found) resolve(found);
    });
    child.once('close', () => reject(new Error(said)));
  });
  return { child, url };
}
