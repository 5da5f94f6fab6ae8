import { describe, expect, test } from 'vitest';
import { compose } from '../../src/call/compose.ts';
import type { Call } from '../../src/call/execute.ts';
import { deduplicate } from '../../src/call/middleware/deduplicate.ts';
import type { CallResult } from '../../src/call/types.ts';
import { BridgeError } from '../../src/errors.ts';
import { createMemoryCells } from '../../src/store/memory.ts';
import { makeTool } from './exchange.ts';
import { createFakeClock } from './fake-clock.ts';

const tool = makeTool({ method: 'POST' });
const OK: CallResult = {
  kind: 'ok',
  status: 201,
  statusText: 'Created',
  content: { kind: 'json', value: { id: 1 }, text: '{"id":1}' },
};

function callOf(over: { key?: string; args?: object; principal?: string } = {}): Call {
  const { key = 'k-1', args = { name: 'cup' }, principal } = over;
  return {
    tool,
    args,
    context: {
      surface: 'mcp',
      requestId: 'r',
      idempotencyKey: key,
      ...(principal === undefined ? {} : { principal }),
    },
    trace: { attempts: 0, cached: false, timings: {} },
  };
}

function setUp(send: (call: Call) => Promise<CallResult>) {
  const clock = createFakeClock();
  const cells = createMemoryCells(clock);
  let made = 0;
  const handler = (call: Call) => {
    made++;
    return send(call);
  };
  return { clock, call: compose(handler, [deduplicate({ cells, clock })]), made: () => made };
}

const sent = (result: CallResult) => async (call: Call) => {
  call.trace.attempts++;
  return result;
};

describe('a call with an idempotency key', () => {
  test('happens once, and its result is given again', async () => {
    const it = setUp(sent(OK));
    const again = callOf();
    expect(await it.call(callOf())).toEqual(OK);
    expect(await it.call(again)).toEqual(OK);
    expect(again.trace).toMatchObject({ attempts: 0, cached: true });
    expect(it.made()).toBe(1);
  });

  test('keeps bytes as they are', async () => {
    const bytes = new Uint8Array([0, 255, 10]);
    const result: CallResult = {
      ...OK,
      content: { kind: 'binary', bytes, mediaType: 'application/pdf' },
    } as CallResult;
    const it = setUp(sent(result));
    await it.call(callOf());
    expect(await it.call(callOf())).toEqual(result);
  });

  test.each([
    ['another key', { key: 'k-2' }],
    ['another principal', { principal: 'bob' }],
  ])('is another call under %s', async (_, over) => {
    const it = setUp(sent(OK));
    await it.call(callOf());
    await it.call(callOf(over));
    expect(it.made()).toBe(2);
  });

  test('is refused when the key stands for other arguments', async () => {
    const it = setUp(sent(OK));
    await it.call(callOf());
    expect(await it.call(callOf({ args: { name: 'mug' } }))).toMatchObject({ kind: 'invalid' });
    expect(it.made()).toBe(1);
  });

  test('is refused while the first is under way, and told when that one is lost', async () => {
    const it = setUp(() => new Promise(() => undefined));
    void it.call(callOf());
    await Promise.resolve();
    expect(await it.call(callOf())).toMatchObject({ kind: 'failed', error: { code: 'BUSY', retryable: true } });
    await it.clock.advance(11 * 60_000);
    expect(await it.call(callOf())).toMatchObject({ kind: 'failed', error: { code: 'BUSY', retryable: false } });
    expect(it.made()).toBe(1);
  });

  test('may be made again when nothing was sent', async () => {
    const it = setUp(async () => ({
      kind: 'failed',
      error: { code: 'BREAKER_OPEN', message: '', hint: '', retryable: true },
    }));
    await it.call(callOf());
    await it.call(callOf());
    expect(it.made()).toBe(2);
  });

  test('is not begun when the shared store cannot be reached', async () => {
    let made = 0;
    const cells = {
      update: async () => {
        throw new BridgeError('STORE_FAILED', 'gone', { retryable: true });
      },
    };
    const call = compose(async () => {
      made++;
      return OK;
    }, [deduplicate({ cells })]);
    expect(await call(callOf())).toMatchObject({ kind: 'failed', error: { code: 'STORE_FAILED' } });
    expect(made).toBe(0);
  });
});
