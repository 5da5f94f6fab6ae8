import { describe, expect, test } from 'vitest';
import { createLog, type LogOptions } from '../../src/log.ts';
import { createFakeClock } from './fake-clock.ts';

function setUp(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    mask: (text) => text.replaceAll('hunter2', '***'),
    human: false,
    write: (line) => void lines.push(line),
    clock: createFakeClock(),
    ...options,
  });
  return { lines, log };
}

const loaded = async () => {
  await import('pino');
  await new Promise((resolve) => setImmediate(resolve));
};

describe('createLog', () => {
  test('writes JSON with the request id in every line of a request', async () => {
    const { lines, log } = setUp();
    const request = log.with({ requestId: 'r-1' });
    request.warn('slow', { ms: 5 });
    await loaded();
    request.error('broken');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'warn', time: '2026-01-01T00:00:00.000Z', requestId: 'r-1', ms: 5, message: 'slow' },
      { level: 'error', time: '2026-01-01T00:00:00.000Z', requestId: 'r-1', message: 'broken' },
    ]);
  });

  test('writes one plain line for a person, whatever is in it', async () => {
    const { lines, log } = setUp({ human: true });
    log.info('ready\nforged \u001b[31mline', { tools: 3, api: 'a b', requestId: 'r-1' });
    await loaded();
    log.info('again');
    expect(lines).toEqual([
      '00:00:00 info  ready forged  [31mline tools=3 api="a b" requestId=r-1\n',
      '00:00:00 info  again\n',
    ]);
  });

  test.each([true, false])('masks secrets in messages and members (human: %s)', async (human) => {
    const { lines, log } = setUp({ human });
    log.error('token hunter2', { header: 'Bearer hunter2' });
    log.flush();
    await loaded();
    log.error('token hunter2', { nested: { deep: ['hunter2'] } });
    expect(lines.length).toBe(2);
    expect(lines.join('')).not.toContain('hunter2');
  });

  test.each([
    ['silent', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const)('at level %s writes %j', async (level, written) => {
    const { lines, log } = setUp({ level });
    for (let round = 0; round < 2; round++) {
      for (const each of ['error', 'warn', 'info', 'debug'] as const) log[each]('x');
      await loaded();
    }
    expect(lines.map((line) => JSON.parse(line).level)).toEqual([...written, ...written]);
  });

  test('loses nothing when the process ends before the logger is loaded', () => {
    const { lines, log } = setUp();
    log.info('one');
    log.info('two');
    expect(lines).toEqual([]);
    log.flush();
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['one', 'two']);
  });
});
