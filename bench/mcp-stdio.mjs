// The smallest MCP client that can tell a lost answer from a doubled one: JSON-RPC lines to a bridge over stdio.
import { spawn } from 'node:child_process';

/**
 * Starts the bridge and shakes hands. `call(tool, args)` resolves to the result, `{ error }`, or `{ lost: true }` when there
 * was no answer in time. `strays` holds answers nobody waited for: doubled ones and unknown ids.
 */
export async function startBridge(
  words,
  { command = [process.execPath, 'dist/actionbridge.mjs'], node = [], env = {}, lostAfterMs = 30_000 } = {},
) {
  const [program, ...first] = command;
  const child = spawn(program, [...node, ...first, ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const waiting = new Map();
  const strays = [];
  const state = { nextId: 1, stderr: '', ended: false };
  child.stderr.setEncoding('utf8').on('data', (text) => {
    state.stderr = (state.stderr + text).slice(-20_000);
  });
  child.stdin.on('error', () => undefined);
  readLines(child.stdout, (line) => {
    const message = JSON.parse(line);
    if (message.id === undefined || message.method !== undefined) return;
    const waiter = waiting.get(message.id);
    if (!waiter) return void strays.push(line);
    waiting.delete(message.id);
    waiter(message);
  });
  const exited = new Promise((resolve) =>
    child.once('exit', (code, signal) => {
      state.ended = true;
      for (const waiter of waiting.values()) waiter({ gone: true });
      waiting.clear();
      resolve({ code, signal });
    }),
  );

  function request(method, params) {
    const id = state.nextId++;
    return new Promise((resolve) => {
      if (state.ended) return resolve({ gone: true });
      const timer = setTimeout(() => {
        waiting.delete(id);
        resolve({ lost: true });
      }, lostAfterMs);
      waiting.set(id, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  const hello = await request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  if (!hello.result) throw new Error(`the bridge did not start: ${JSON.stringify(hello)}\n${state.stderr}`);
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  return {
    child,
    exited,
    strays,
    stderr: () => state.stderr,
    call: (name, args) => request('tools/call', { name, arguments: args }),
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const result = await exited;
      clearTimeout(timer);
      return result;
    },
  };
}

function readLines(stream, handle) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line !== '') handle(line);
  });
}
