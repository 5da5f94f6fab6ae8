// A raw MCP client over stdio that costs next to nothing itself: it splits lines, and parses only what it must.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Starts a server; `request` resolves to the line that answers, as bytes. */
export function startServer([program, ...args], env = {}) {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const waiting = new Map();
  let [stderr, nextId, chunks] = ['', 1, []];
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-4_000);
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk) => {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = chunks.length === 0 ? rest.subarray(0, end) : Buffer.concat([...chunks, rest.subarray(0, end)]);
      chunks = [];
      rest = rest.subarray(end + 1);
      settle(line);
    }
    if (rest.length > 0) chunks.push(rest);
  });
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`the server ended: ${stderr}`));
    waiting.clear();
  });

  /** The id stands near an end of the line: a list of megabytes is not searched. */
  function settle(line) {
    const ends =
      line.length > 400
        ? `${line.toString('latin1', 0, 200)}${line.toString('latin1', line.length - 200)}`
        : line.toString('latin1');
    const id = Number(/"id":\s*(\d+)/.exec(ends)?.[1]);
    waiting.get(id)?.resolve(line);
    waiting.delete(id);
  }

  function notify(method) {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`);
  }

  return {
    pid: child.pid,
    elapsed: () => performance.now() - started,
    stderr: () => stderr,
    notify,
    request(method, params) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      });
    },
    async initialize() {
      const clientInfo = { name: 'bench', version: '1' };
      const line = await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
      notify('notifications/initialized');
      return line;
    },
    close: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.stdin.end();
        setTimeout(() => child.kill('SIGKILL'), 3_000).unref();
      }),
  };
}

/** Spawn → `initialize` answered → every page of the list there: milliseconds, those of them spent queueing for a processor, peak memory in MiB, the tools. */
export async function timeStart(command, env) {
  const server = startServer(command, env);
  await server.initialize();
  const pages = [await server.request('tools/list', {})];
  let ms = server.elapsed();
  const queued = queuedFor(server.pid);
  const mib = peakMemory(server.pid);
  const tools = [];
  for (let page = read(pages[0]); ; page = read(pages.at(-1))) {
    tools.push(...page.tools);
    if (page.nextCursor === undefined) break;
    const resumed = performance.now();
    pages.push(await server.request('tools/list', { cursor: page.nextCursor }));
    ms += performance.now() - resumed;
  }
  return { ms, queued, mib, tools, server };
}

function read(line) {
  const { result, error } = JSON.parse(line.toString('utf8'));
  if (error) throw new Error(JSON.stringify(error));
  return result;
}

/** Milliseconds that the main thread of a process was ready to run and other work had the processors; 0 where the system does not tell. */
function queuedFor(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Milliseconds of processor time that a process has used, all its threads together; undefined where the system does not tell. */
export function processorTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** High-water mark of a process's memory; undefined where the system does not tell. */
export function peakMemory(pid) {
  return statusOf(pid, 'VmHWM');
}

/** Memory of a process now. */
export function memory(pid) {
  return statusOf(pid, 'VmRSS');
}

function statusOf(pid, field) {
  try {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return undefined;
  }
}
