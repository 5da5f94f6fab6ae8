import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AuditOptions, openAuditLog } from '../../src/audit/log.ts';
import { compose } from '../../src/call/compose.ts';
import type { Call, Exchange, WireMiddleware } from '../../src/call/execute.ts';
import { type AuditMiddlewareOptions, createAuditMiddleware } from '../../src/call/middleware/audit.ts';
import { retry } from '../../src/call/middleware/retry.ts';
import type { CallResult, RawResponse } from '../../src/call/types.ts';
import { BridgeError } from '../../src/errors.ts';
import { NetError } from '../../src/net/errors.ts';
import { type ExchangeParts, makeExchange, makeResponse, policyWith } from '../policy/exchange.ts';
import { createFakeClock } from '../policy/fake-clock.ts';
import { readRecords, useFolder } from './support.ts';

const folder = useFolder();

type Send = (exchange: Exchange, hit: number) => RawResponse;

function setUp(send: Send, options: Partial<AuditOptions> = {}, more: Partial<AuditMiddlewareOptions> = {}) {
  const clock = createFakeClock();
  const path = join(folder(), 'audit.jsonl');
  const log = openAuditLog({ path, clock, hashKey: new Uint8Array(32), ...options });
  const failures: BridgeError[] = [];
  const { calls, attempts } = createAuditMiddleware({
    log,
    clock,
    onFailure: (error) => void failures.push(error),
    ...more,
  });
  const world = { hits: 0 };
  const wire = (around: readonly WireMiddleware[]) =>
    compose<Exchange, RawResponse>(async (exchange) => {
      world.hits++;
      await clock.sleep(5);
      return send(exchange, world.hits);
    }, around);
  const again = retry({ policyOf: policyWith({}), clock, random: () => 0, deadlineAt: () => Infinity });
  const run = async (parts: ExchangeParts = {}, args: unknown = { id: 1 }): Promise<CallResult> => {
    const exchange = makeExchange(parts);
    const call: Call = { ...exchange.call, args };
    const execute = async (): Promise<CallResult> => {
      const response = await wire([again, attempts])({ ...exchange, call });
      return {
        kind: response.status < 400 ? 'ok' : 'refused',
        status: response.status,
        statusText: '',
        content: { kind: 'none' },
      };
    };
    return clock.run(calls(execute)(call));
  };
  return { clock, path, log, failures, world, calls, run, records: () => readRecords(path) };
}

describe('audit', () => {
  test('writes started before and finished after a request', async () => {
    let before: unknown[] = [];
    const it = setUp(() => {
      before = it.records();
      return makeResponse(200, { 'content-type': 'application/json' }, '{"name":"x","tags":["a"]}');
    });
    await it.run({ method: 'POST', body: 'héllo', principal: 'ann' });
    expect(before).toMatchObject([{ event: 'started', arguments: { shape: { id: 'integer' } }, status: null }]);
    expect(it.records()).toMatchObject([
      {
        event: 'started',
        request_id: 'r-1',
        attempt: 1,
        surface: 'mcp',
        principal: 'ann',
        api: 'shop',
        tool: 'getThing',
        method: 'POST',
        origin: 'http://shop.test',
        path_template: '/things/{id}',
        bytes_out: 6,
        result: null,
      },
      {
        event: 'finished',
        attempt: 1,
        status: 200,
        result: 'ok',
        bytes_in: 25,
        bytes_out: 6,
        ms: 5,
        arguments: null,
        response: { shape: { name: 'string', tags: ['string'] }, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
    const [started, finished] = it.records();
    expect(finished!.call).toBe(started!.call);
    expect(started!.tool_version).toMatch(/^[0-9a-f]{16}$/);
  });

  test('shows every try under one call', async () => {
    const it = setUp((_, hit) => makeResponse(hit === 1 ? 503 : 200));
    await it.run();
    const records = it.records();
    expect(records.map(({ event, attempt, result }) => [event, attempt, result])).toEqual([
      ['started', 1, null],
      ['finished', 1, 'upstream_error'],
      ['started', 2, null],
      ['finished', 2, 'ok'],
    ]);
    expect(new Set(records.map(({ call }) => call)).size).toBe(1);
  });

  test.each<[string, string, Error, string]>([
    ['GET', 'cancelled', new NetError('cancelled', true, ''), 'cancelled'],
    ['GET', 'late', new NetError('timeout', true, ''), 'timeout'],
    ['POST', 'cancelled', new NetError('cancelled', true, ''), 'unknown'],
    ['POST', 'lost', new NetError('reset', true, ''), 'unknown'],
    ['POST', 'late', new NetError('timeout', true, ''), 'unknown'],
    ['POST', 'cancelled before it left', new NetError('cancelled', false, ''), 'cancelled'],
    ['POST', 'too large an answer', new NetError('too-large', true, ''), 'upstream_error'],
    ['POST', 'not connected', new NetError('connect', false, ''), 'upstream_error'],
    ['GET', 'broken', new NetError('protocol', true, ''), 'upstream_error'],
    ['GET', 'a private address', new NetError('address', false, ''), 'refused'],
    ['GET', 'no credential', new BridgeError('CREDENTIAL_MISSING', ''), 'refused'],
    ['POST', 'a bug', new TypeError('bug'), 'unknown'],
  ])('%s, %s: the result is in the record', async (method, _, error, result) => {
    const it = setUp(() => {
      throw error;
    });
    await it.run({ method, consequential: true }).catch(() => undefined);
    expect(it.records().at(-1)).toMatchObject({ event: 'finished', result });
  });

  test.each<[CallResult, string]>([
    [{ kind: 'invalid', issues: [] }, 'invalid'],
    [failed('RATE_LIMITED'), 'rate_limited'],
    [failed('BREAKER_OPEN'), 'breaker_open'],
    [failed('CANCELLED'), 'cancelled'],
    [failed('TIMEOUT'), 'timeout'],
    [failed('NOT_PERMITTED'), 'refused'],
    [failed('CONFIRMATION_DECLINED'), 'refused'],
  ])('a call that sent nothing is on record as refused: %j', async (result, written) => {
    const it = setUp(() => makeResponse());
    await it.calls(async () => result)(makeExchange().call);
    expect(it.records()).toMatchObject([{ event: 'refused', attempt: 0, result: written, origin: null }]);
  });

  test('an answer from the cache has a pair with attempt 0', async () => {
    const it = setUp(() => makeResponse());
    const result: CallResult = { kind: 'ok', status: 200, statusText: '', content: { kind: 'none' } };
    await it.calls(async () => result)(makeExchange().call);
    expect(it.records().map(({ event, attempt, result }) => [event, attempt, result])).toEqual([
      ['started', 0, null],
      ['finished', 0, 'ok'],
    ]);
  });

  test('sends nothing that it cannot write down', async () => {
    const it = setUp(() => makeResponse(), { file: { write: full(0) } });
    await expect(it.run({ method: 'POST' })).rejects.toMatchObject({ code: 'AUDIT_FAILED' });
    expect(it.world.hits).toBe(0);
    const cached = await it.calls(async () => ({ kind: 'ok', status: 200, statusText: '', content: { kind: 'none' } }))(
      makeExchange().call,
    );
    expect(cached).toMatchObject({ kind: 'failed', error: { code: 'AUDIT_FAILED' } });
    expect(it.failures.length).toBeGreaterThan(0);
  });

  test('lets reads go unaudited only where the operator says so', async () => {
    const it = setUp(() => makeResponse(), { file: { write: full(0) } }, { unauditedReads: true });
    expect(await it.run({ method: 'GET' })).toMatchObject({ kind: 'ok' });
    await expect(it.run({ method: 'POST' })).rejects.toMatchObject({ code: 'AUDIT_FAILED' });
    expect(it.world.hits).toBe(1);
  });

  test('gives an answer that is there even when finished cannot be written', async () => {
    const it = setUp(() => makeResponse(), { file: { write: full(1) } });
    expect(await it.run({ method: 'POST' })).toMatchObject({ kind: 'ok' });
    expect(it.failures.map(({ code }) => code)).toEqual(['AUDIT_FAILED']);
  });

  test('keeps payloads whole when told to, without passwords and secrets', async () => {
    const it = setUp(() => makeResponse(200, { 'content-type': 'application/json' }, '{"token":"s3cret","n":1}'), {
      payloads: true,
      mask: (text) => text.replaceAll('s3cret', '***'),
    });
    const exchange = makeExchange({ method: 'POST' });
    const tool = {
      ...exchange.call.tool,
      input: {
        type: 'object' as const,
        properties: {
          password: { type: 'string', format: 'password' },
          user: { type: 'object', properties: { pin: { type: 'string', writeOnly: true } } },
        },
        additionalProperties: false as const,
      },
    };
    const call = { ...exchange.call, tool, args: { password: 'hunter2', user: { pin: '1234', name: 'a s3cret' } } };
    await it.calls(async () => ({ kind: 'invalid', issues: [] }))(call);
    expect(it.records()[0]!.arguments).toEqual({ password: '[password]', user: { pin: '[password]', name: 'a ***' } });
    await it.run({ method: 'POST' });
    expect(it.records().at(-1)!.response).toEqual({ token: '***', n: 1 });
  });
});

function failed(code: string): CallResult {
  return { kind: 'failed', error: { code, message: '', hint: '', retryable: false } };
}

/** A disk that takes so many lines. */
function full(lines: number) {
  let left = lines;
  return (fd: number, bytes: Uint8Array) => {
    if (left-- <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return writeSync(fd, bytes);
  };
}
