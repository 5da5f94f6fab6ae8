import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { matches, readAuditLines, recordsOf, tail } from '../../src/audit/read.ts';
import type { AuditEntry } from '../../src/audit/record.ts';
import { type Replanned, replayAudit } from '../../src/audit/replay.ts';
import { summarize } from '../../src/audit/summary.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { createFakeClock } from '../policy/fake-clock.ts';
import { makeEntry, useFolder } from './support.ts';

const folder = useFolder();

/** A log of the given records, a second apart. */
async function logOf(entries: readonly Partial<AuditEntry>[], maxBytes = 1e9): Promise<string> {
  const path = join(folder(), 'audit.jsonl');
  const clock = createFakeClock();
  const log = openAuditLog({ path, clock, file: { maxBytes, files: 4 } });
  for (const entry of entries) {
    log.write(makeEntry(entry));
    await clock.advance(1_000);
  }
  log.close();
  return path;
}

const pair = (call: string, result: AuditEntry['result'] = 'ok', more: Partial<AuditEntry> = {}) => [
  { call, ...more },
  { call, event: 'finished' as const, result, ms: 1_000, arguments: null, ...more },
];
const all = (path: string) => Array.from(recordsOf(readAuditLines(path)));

describe('readAuditLines', () => {
  test('goes over all files, oldest first', async () => {
    const path = await logOf(
      Array.from({ length: 9 }, (_, index) => ({ event: 'refused', call: `c-${index}` })),
      1_300,
    );
    const files = new Set(Array.from(readAuditLines(path), ({ file }) => file.slice(path.length)));
    expect([...files]).toEqual(['.3', '.2', '.1', '']);
    const numbers = all(path).map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.at(-1)).toBe(9);
  });

  test.each([
    [{ tool: 'get*' }, [1, 2, 3, 4]],
    [{ tool: 'get?hing' }, [1, 2, 3, 4]],
    [{ tool: 'make.*' }, []],
    [{ api: 'other' }, [5]],
    [{ result: 'timeout' }, [4]],
    [{ since: Date.UTC(2026, 0, 1, 0, 0, 3) }, [4, 5]],
  ])('filters by %j', async (filter, numbers) => {
    const path = await logOf([...pair('a'), ...pair('b', 'timeout'), { event: 'refused', api: 'other', tool: 'x' }]);
    expect(
      all(path)
        .filter(matches(filter))
        .map(({ seq }) => seq),
    ).toEqual(numbers);
  });

  test('gives the last ones', async () => {
    const path = await logOf([...pair('a'), ...pair('b')]);
    expect(tail(all(path), 2).map(({ call }) => call)).toEqual(['b', 'b']);
    expect(tail(all(path), 0)).toEqual([]);
    expect(tail(all(path), 99).length).toBe(4);
  });
});

describe('summarize', () => {
  test('counts calls, errors and times per tool', async () => {
    const path = await logOf([
      ...pair('a'),
      ...pair('b', 'upstream_error', { attempt: 1 }),
      ...pair('b', 'ok', { attempt: 2 }),
      ...pair('c', 'timeout'),
      { call: 'd', event: 'refused', result: 'rate_limited', attempt: 0 },
      { call: 'q', event: 'refused', result: 'refused', attempt: 0, confirmation: 'asked' },
      ...pair('e', 'ok', { tool: 'other' }),
      { call: 'f', tool: 'other' },
    ]);
    expect(summarize(all(path))).toEqual([
      {
        api: 'shop',
        tool: 'getThing',
        calls: 4,
        failed: 2,
        errors: { timeout: 1, rate_limited: 1 },
        requests: 4,
        p50: 1_000,
        p99: 3_000,
      },
      { api: 'shop', tool: 'other', calls: 2, failed: 1, errors: { open: 1 }, requests: 2, p50: 1_000, p99: 1_000 },
    ]);
  });
});

describe('verifyAudit', () => {
  test('finds nothing in a log that is whole, across files, restarts and torn lines', async () => {
    const path = await logOf(Array.from({ length: 20 }, (_, index) => pair(`c-${index}`)).flat(), 6_000);
    appendFileSync(path, '{"v":1,"torn');
    const log = openAuditLog({ path });
    log.write(makeEntry({ call: 'open' }));
    log.close();
    const found = verifyAudit(path);
    expect(found).toMatchObject({ findings: [], torn: 1, open: 1 });
    expect(found.records).toBeGreaterThan(20);
  });

  const spoil: readonly [string, (lines: string[]) => string[], RegExp][] = [
    ['a changed value', (lines) => lines.with(2, lines[2]!.replace('shop', 'shap')), /does not follow/],
    ['a line taken out', (lines) => lines.toSpliced(2, 1), /does not follow/],
    ['a line put in', (lines) => lines.toSpliced(2, 0, lines[1]!), /does not follow/],
    [
      'lines that changed places',
      (lines) => [...lines.slice(0, 2), lines[3]!, lines[2]!, ...lines.slice(4)],
      /does not/,
    ],
    ['a line that is cut short', (lines) => lines.with(2, lines[2]!.slice(0, 40)), /was changed/],
    ['a new beginning', (lines) => lines.with(0, lines[0]!.replace(/"prev":"0/, '"prev":"1')), /first line/],
  ];

  test.each(spoil)('finds %s', async (_, change, problem) => {
    const path = await logOf([...pair('a'), ...pair('b'), ...pair('c')]);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    writeFileSync(path, `${change(lines).join('\n')}\n`);
    expect(
      verifyAudit(path)
        .findings.map((finding) => finding.problem)
        .join('; '),
    ).toMatch(problem);
  });

  test('finds a finished without its started, and a request that starts twice', async () => {
    const path = await logOf([{ call: 'a', event: 'finished', result: 'ok' }, { call: 'b' }, { call: 'b' }]);
    expect(verifyAudit(path).findings.map(({ line, problem }) => `${line} ${problem}`)).toEqual([
      expect.stringMatching(/^1 finishes request 1 of call a/),
      expect.stringMatching(/^3 starts request 1 of call b twice/),
    ]);
  });
});

describe('replayAudit', () => {
  test('says what would differ', async () => {
    const whole = (call: string, more: Partial<AuditEntry> = {}) => pair(call, 'ok', { arguments: { id: 1 }, ...more });
    const path = await logOf([
      ...whole('same'),
      ...whole('gone', { tool: 'gone' }),
      ...whole('moved', { tool: 'moved' }),
      ...whole('version', { tool: 'version' }),
      ...whole('invalid', { tool: 'invalid' }),
      { call: 'was-invalid', event: 'refused', result: 'invalid', arguments: {}, tool: 'was-invalid' },
      { call: 'limited', event: 'refused', result: 'rate_limited', arguments: {} },
      ...pair('digest'),
    ]);
    const planned: Replanned = {
      kind: 'planned',
      api: 'shop',
      toolVersion: 'abc',
      method: 'GET',
      origin: 'http://shop.test',
      pathTemplate: '/things/{id}',
    };
    const now: { readonly [tool: string]: Replanned } = {
      gone: { kind: 'gone' },
      moved: { ...planned, origin: 'https://shop.test' },
      version: { ...planned, toolVersion: 'def' },
      invalid: { kind: 'refused', reason: 'id: must be a string' },
    };
    const replayed = await replayAudit(all(path), async (tool) => now[tool] ?? planned);
    expect(replayed).toMatchObject({ calls: 7, same: 1, withoutArguments: 1 });
    expect(replayed.differences.map(({ tool, change }) => `${tool}: ${change}`)).toEqual([
      'gone: the tool is gone',
      'moved: would be GET https://shop.test/things/{id}, was GET http://shop.test/things/{id}',
      'version: the tool changed: version def, was abc',
      'invalid: would be refused: id: must be a string',
      'was-invalid: was refused, and would be sent',
    ]);
  });
});
