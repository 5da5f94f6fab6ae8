import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { saveLogin } from '../../src/auth/save-login.ts';
import { type Bridge, type BridgeDependencies, type CallOutcome, openBridge } from '../../src/bridge.ts';
import { renderResult } from '../../src/call/render.ts';
import { readConfigFile } from '../../src/config/file.ts';
import { BridgeError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import type { Resolver } from '../../src/net/connector.ts';
import { createMasker } from '../../src/secrets.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { Tool } from '../../src/tool/types.ts';
import { type Arena, BENIGN_TOOL } from './arena.ts';
import type { CallWords } from './cases.ts';
import { wordsOf } from './config.ts';
import type { CallReport, Report } from './report.ts';

/** Plays one case against the real bridge in this process. */
export async function runCase(arena: Arena): Promise<Report> {
  const { attack } = arena;
  const logs: string[] = [];
  const names = createResolver(wordsOf(attack));
  const metrics = createMetrics();
  const dependencies: BridgeDependencies = {
    log: createLog({ level: 'debug', mask: createMasker().mask, human: false, write: (line) => void logs.push(line) }),
    observers: [metrics],
    random: () => 0.5,
    ...(names ? { network: { resolve: names.resolve } } : {}),
  };
  const environment = { ...process.env, ACTIONBRIDGE_HOME: arena.folder, ...wordsOf(attack).env };
  const inbound = countInbound(arena.specHost.port);
  const meter = startMeter();
  const before = performance.now();
  let bridge: Bridge | undefined;
  let loadError: Error | undefined;
  try {
    bridge = await openBridge((await readConfigFile(arena.configFile, environment))!, dependencies);
  } catch (error) {
    loadError = error as Error;
  }
  const loadMs = performance.now() - before;
  if (bridge && attack.call.as) await logIn(bridge, arena);
  const calls = bridge && !attack.call.load && !attack.call.list ? await makeCalls(bridge, arena) : [];
  const measured = await meter.stop();
  const aliveMs = await checkAlive(bridge, arena, environment);
  const metricsText = await metrics.text();
  await bridge?.close();
  const tools = bridge?.registry.tools.filter(({ name }) => name !== BENIGN_TOOL) ?? [];
  return {
    arena,
    ...(loadError ? { loadError } : {}),
    tools,
    listed: JSON.stringify(tools) + JSON.stringify(bridge?.apis ?? []),
    diagnostics: bridge?.diagnostics ?? [],
    calls,
    logs: `${logs.join('')}\n${metricsText}`,
    ms: calls.length > 0 ? Math.max(...calls.map(({ ms }) => ms)) : loadMs,
    ...measured,
    dnsLookups: names?.count() ?? 0,
    bytesRead: inbound.stop(),
    aliveMs,
    unknownTool: async (name) => {
      try {
        await bridge!.call(name, {}, { surface: 'cli' });
        return 'it was called';
      } catch (error) {
        return error instanceof BridgeError ? error.code : String(error);
      }
    },
  };
}

/** Each principal has a credential of its own. */
async function logIn(bridge: Bridge, { secrets }: Arena): Promise<void> {
  const auth = await bridge.auth();
  for (const principal of ['A', 'B'] as const)
    await saveLogin(auth, { api: 'api', scheme: 'default', principal }, { kind: 'secret', value: secrets[principal] });
}

interface PlannedCall {
  readonly tool: string;
  readonly args: unknown;
  readonly principal: string | undefined;
}

async function makeCalls(bridge: Bridge, arena: Arena): Promise<readonly CallReport[]> {
  const { call, upstream } = arena.attack;
  const planned = planCalls(call);
  const { down, comesUpAfterMs } = (upstream ?? {}) as { down?: true; comesUpAfterMs?: number };
  if (down) await arena.upstream.goDown();
  if (call.atMs !== undefined) await openBreaker(bridge, planned[0]!);
  const up = down && comesUpAfterMs !== undefined ? after(comesUpAfterMs, () => arena.upstream.comeUp()) : undefined;
  try {
    if (call.concurrent) {
      await after(call.atMs ?? 0, async () => undefined);
      return await Promise.all(planned.map((each) => callOnce(bridge, arena, each)));
    }
    const reports: CallReport[] = [];
    for (const each of planned) reports.push(await callOnce(bridge, arena, each));
    return reports;
  } finally {
    await up;
  }
}

function planCalls(call: CallWords): readonly PlannedCall[] {
  const args: unknown = call.rawArguments === undefined ? (call.arguments ?? {}) : JSON.parse(call.rawArguments);
  const one = (tool: string, principal?: string): PlannedCall => ({ tool: tool.replace('.', '_'), args, principal });
  if (Array.isArray(call.sequence))
    return call.sequence.map((tool: string) => ({
      ...one(tool),
      args: { id: '1', ...(tool.startsWith('put') ? { body: {} } : {}) },
    }));
  const principals = call.as ?? [undefined];
  if (typeof call.sequence === 'number')
    return Array.from({ length: call.sequence }, (_, index) => one(call.tool!, principals[index % principals.length]));
  const times = call.repeat ?? call.concurrent ?? 1;
  return principals.flatMap((principal) => Array.from({ length: times }, () => one(call.tool!, principal)));
}

async function openBreaker(bridge: Bridge, { tool }: PlannedCall): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const { result } = await bridge.call(tool, {}, { surface: 'mcp' });
    if (result.kind === 'failed' && result.error.code === 'BREAKER_OPEN') return;
  }
  throw new Error('the breaker did not open');
}

async function callOnce(bridge: Bridge, arena: Arena, { tool, args, principal }: PlannedCall): Promise<CallReport> {
  const words = arena.attack.call;
  const cancel = new AbortController();
  const started = performance.now();
  if (words.disconnectAfterMs !== undefined)
    void arrived(arena).then(() => setTimeout(() => cancel.abort(), words.disconnectAfterMs));
  const base = { principal, attempts: 0 };
  try {
    const given = adapted(args, bridge.registry.get(tool));
    const outcome = await bridge.call(tool, given, {
      surface: 'mcp',
      signal: cancel.signal,
      ...(principal === undefined ? {} : { principal }),
    });
    const { content } = renderResult(outcome.result, { structured: false });
    return {
      ...base,
      outcome: outcomeOf(outcome.result),
      text: content.map((block) => ('text' in block ? block.text : '')).join('\n'),
      ms: performance.now() - started,
      attempts: outcome.trace.attempts,
      result: outcome.result,
    };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return {
      ...base,
      outcome: 'rejected_before_send',
      text: `${error.code}: ${error.message}`,
      ms: performance.now() - started,
    };
  }
}

/** The first request has come to the upstream: modules are loaded by then. */
async function arrived({ upstream }: Arena): Promise<void> {
  for (let turn = 0; turn < 2_000 && upstream.hits.length === 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The cases write a body as one argument and a file as `name` and `base64`; our tools take the body's properties. */
function adapted(args: unknown, tool: Tool | undefined): unknown {
  const { body: written, ...rest } = args as { body?: { [name: string]: unknown } };
  if (written === undefined || !tool || Object.hasOwn(tool.input.properties, 'body')) return args;
  // An argument of this name is offered under another.
  const body = Object.fromEntries(
    Object.entries(written).map(([name, value]) => [name === '__proto__' ? 'proto' : name, value]),
  );
  const file = body['file'] as { name: string; base64: string } | undefined;
  return { ...rest, ...body, ...(file ? { file: { filename: file.name, data: file.base64 } } : {}) };
}

const BEFORE_SENDING = new Set(['ADDRESS_REFUSED', 'SERVER_MISSING', 'SERVER_INVALID', 'NOT_PERMITTED']);

function outcomeOf(result: CallOutcome['result']): CallReport['outcome'] {
  if (result.kind === 'invalid') return 'rejected_before_send';
  if (result.kind === 'failed' && BEFORE_SENDING.has(result.error.code)) return 'rejected_before_send';
  if (result.kind === 'ok') return result.partial ? 'partial' : 'sent';
  return 'tool_error';
}

async function checkAlive(
  bridge: Bridge | undefined,
  arena: Arena,
  environment: NodeJS.ProcessEnv,
): Promise<number | undefined> {
  const alive = bridge ?? (await openBridge((await readConfigFile(arena.benignConfig, environment))!));
  const started = performance.now();
  const { result } = await alive.call(BENIGN_TOOL, {}, { surface: 'mcp' });
  const ms = performance.now() - started;
  if (!bridge) await alive.close();
  return result.kind === 'ok' ? ms : undefined;
}

interface NamedHosts {
  readonly resolve: Resolver;
  readonly count: () => number;
}

/** The names of a case, each answered in turn; the last answer stands. */
function createResolver({ dns, dnsSequence }: ReturnType<typeof wordsOf>): NamedHosts | undefined {
  if (!dns && !dnsSequence) return undefined;
  const answers = new Map<string, (readonly string[])[]>();
  for (const [host, addresses] of Object.entries(dns ?? {})) answers.set(host, [addresses]);
  for (const [host, sequence] of Object.entries(dnsSequence ?? {})) answers.set(host, [...sequence]);
  let lookups = 0;
  return {
    count: () => lookups,
    resolve: (host, _options, done) => {
      lookups++;
      const queue = answers.get(host) ?? [];
      const addresses = (queue.length > 1 ? queue.shift() : queue[0]) ?? [];
      done(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    },
  };
}

/** Bytes that sockets of this process take in from a port. */
function countInbound(port: number): { stop(): number } {
  const sockets: Socket[] = [];
  const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', note);
  let total = 0;
  const seen = new Set<Socket>();
  const timer = setInterval(() => {
    for (const socket of sockets)
      if (!seen.has(socket) && socket.remotePort === port) {
        seen.add(socket);
      }
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      unsubscribe('net.client.socket', note);
      for (const socket of seen) total += socket.bytesRead;
      return total;
    },
  };
}

/** Memory and event-loop delay until `stop`. */
function startMeter(): { stop(): Promise<{ rssMB: number; loopDelayMs: number }> } {
  const resolution = 5;
  const delay = monitorEventLoopDelay({ resolution });
  const before = process.memoryUsage.rss();
  let most = before;
  const sample = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(sample, 10);
  delay.enable();
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 2 * resolution));
      sample();
      clearInterval(timer);
      delay.disable();
      return { rssMB: (most - before) / 2 ** 20, loopDelayMs: Math.max(0, delay.max / 1e6 - resolution) };
    },
  };
}

async function after<T>(ms: number, work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return work();
}
