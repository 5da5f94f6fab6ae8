import { expect } from 'vitest';
import type { AttackCase, Expectation, Outcome } from './cases.ts';
import { outputOf, type Report } from './report.ts';
import { fingerprintOf, type Hit, pairsOf } from './upstream.ts';

/** What is expected where a case says nothing (`expectVocabulary`). */
const DEFAULTS: Expectation = { attackerHits: 0, internalHits: 0 };

type Check<Key extends keyof Expectation> = (
  wanted: NonNullable<Expectation[Key]>,
  report: Report,
) => void | Promise<void>;

/** Each word of an expectation, and what it asks of a report. A word that is not here fails its case. */
const CHECKS: { readonly [Key in keyof Expectation]?: Check<Key> } = {
  upstreamHits: (wanted, { arena }) => within(hitsOf(arena.upstream.hits), wanted, 'requests at the upstream'),
  attackerHits: (wanted, { arena }) => expect(arena.attacker.connections(), 'connections to the attacker').toBe(wanted),
  internalHits: (wanted, { arena }) => expect(arena.internal.connections(), 'connections inside').toBe(wanted),
  connectAttempts: (wanted, { calls }) =>
    within(
      calls.reduce((sum, { attempts }) => sum + attempts, 0),
      wanted,
      'attempts',
    ),
  dnsLookups: (wanted, { dnsLookups }) => within(dnsLookups, wanted, 'look-ups'),
  bytesRead: (wanted, { bytesRead }) => within(bytesRead, wanted, 'bytes read'),
  maxMs: (wanted, { ms }) => expect(ms, 'milliseconds').toBeLessThanOrEqual(wanted),
  maxRssMB: (wanted, { rssMB }) => expect(rssMB, 'growth in MB').toBeLessThanOrEqual(wanted),
  maxLoopDelayMs: (wanted, { loopDelayMs }) => expect(loopDelayMs, 'event-loop delay').toBeLessThanOrEqual(wanted),
  fastFailMs: (wanted, { calls }) => {
    const failed = calls.slice(5);
    for (const { text } of failed) expect(text).toContain('BREAKER_OPEN');
    // Of several, the fastest: another process on the machine may hold up any one of them.
    expect(Math.min(...failed.map(({ ms }) => ms)), 'milliseconds to fail').toBeLessThan(wanted);
  },
  toolSchemaLacks: (wanted, { tools }) => {
    const names = tools.flatMap(({ input }) => Object.keys(input.properties).map((name) => name.toLowerCase()));
    for (const name of wanted) expect(names).not.toContain(name.toLowerCase().replaceAll('-', '_'));
  },
  toolSchemaMaxBytes: (wanted, { tools }) => {
    expect(tools.length).toBeGreaterThan(0);
    for (const { input } of tools) expect(JSON.stringify(input).length).toBeLessThanOrEqual(wanted);
  },
  toolsPresent: (wanted, { tools }) => expect(namesOf(tools)).toEqual(expect.arrayContaining([...wanted])),
  toolsAbsent: (wanted, { tools }) => {
    for (const name of wanted) expect(namesOf(tools)).not.toContain(name);
  },
  toolCount: (wanted, { tools }) => expect(tools.length).toBe(wanted),
  toolNamesUnique: (_, { tools }) => {
    expect(new Set(namesOf(tools)).size).toBe(tools.length);
    for (const { name } of tools) expect(name).toMatch(/^[A-Za-z0-9_.-]{1,64}$/);
  },
  callUnknownTool: async ({ name }, { unknownTool }) => expect(await unknownTool(name)).toBe('TOOL_UNKNOWN'),
  descriptionLacksRanges: (wanted, { tools }) => {
    for (const range of wanted)
      expect(JSON.stringify(tools.map(({ title, description }) => [title, description]))).not.toMatch(
        charactersOf(range),
      );
  },
  descriptionMaxChars: (wanted, { tools }) => {
    for (const { description } of tools) expect(Array.from(description).length).toBeLessThanOrEqual(wanted);
  },
  lintWarning: (_, { diagnostics }) => expect(diagnostics.map(({ severity }) => severity)).toContain('warning'),
  outputLacks: (wanted, report) => {
    for (const text of wanted) expect(outputOf(report)).not.toContain(text);
  },
  logsLack: (wanted, { logs, arena }) => {
    for (const text of wanted) expect(logs + arena.audit()).not.toContain(text);
  },
  wireLacks: (wanted, { arena }) => {
    for (const text of wanted) expect(JSON.stringify(arena.upstream.hits)).not.toContain(text);
  },
  errorSays: (wanted, { calls }) => {
    for (const word of wanted.split(' ')) expect(calls.at(-1)!.text.toLowerCase()).toContain(word);
  },
  crossPrincipalMismatch: (wanted, { calls, arena: { secrets } }) => {
    const owners = { [fingerprintOf(secrets.A)]: 'A', [fingerprintOf(secrets.B)]: 'B' };
    const seen = calls.map(({ text, principal }) => [owners[/"credential":"(\w+)"/.exec(text)?.[1] ?? ''], principal]);
    expect(seen.filter(([owner, principal]) => owner !== principal).length).toBe(wanted);
  },
  alsoEncodings: (wanted, report) => {
    const { A } = report.arena.secrets;
    const pair = Buffer.from(`u:${A}`).toString('base64');
    const forms = {
      base64: [pair, Buffer.from(A).toString('base64')],
      percent: [encodeURIComponent(pair)],
      'json-escaped': [JSON.stringify(A).slice(1, -1)],
    };
    for (const encoding of wanted)
      for (const form of forms[encoding as keyof typeof forms]) expect(outputOf(report)).not.toContain(form);
  },
  auditLinesValidJson: (_, { arena }) => {
    const lines = arena
      .audit()
      .split('\n')
      .filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect((JSON.parse(line) as { event: string }).event).not.toBe('forged');
  },
  upstreamHitsWhileHalfOpen: (wanted, { arena }) => {
    const [first, ...others] = hitsAt(arena.upstream.hits);
    expect(first).toBeDefined();
    expect(1 + others.filter((at) => at - first! < 190).length).toBe(wanted);
    expect(others.length).toBe(19);
  },
  upstreamAbortedWithinMs: async (wanted, { arena }) => {
    const hit = arena.upstream.hits[0]!;
    const { disconnectAfterMs } = arena.attack.call;
    expect((await hit.abandoned) - hit.at).toBeLessThan(disconnectAfterMs! + wanted);
    const results = arena
      .audit()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { result: string | null }).result);
    expect(results.filter((result) => result === 'cancelled').length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(arena.upstream.hits.length).toBe(1);
  },
};

/** Where a case's own words allow another way than its `outcome` names, and this is the one taken. */
const OTHER_WAYS: { readonly [id: string]: Outcome & { readonly because: string } } = {
  'D-HO-03': {
    outcome: 'sent',
    because: "the operator's base URL stands in the place of every server: the request and its credential go there",
  },
  'D-RF-01': {
    outcome: 'reported',
    because: 'the reference is left unresolved and reported; the operation needs it for no request',
  },
  'D-RF-02': {
    outcome: 'reported',
    because: 'the reference is left unresolved and reported; the parameter takes any value',
  },
  'D-RF-03': {
    outcome: 'reported',
    because: 'the reference is left unresolved and reported; the parameter takes any value',
  },
  'D-RF-04': {
    outcome: 'reported',
    because: 'the reference is left unresolved and reported; the parameter takes any value',
  },
};

/** Words that `outcome` and the runner itself see to. */
const ELSEWHERE = new Set(['outcome', 'wire', 'alternative', 'secretSilent', 'protoClean', 'alive']);

/** Fails unless the report is what the case expects, or its alternative. */
export async function judge({ id, expect: wanted, call }: AttackCase, report: Report): Promise<void> {
  const other = OTHER_WAYS[id];
  const outcomes: readonly Outcome[] = [wanted, wanted.alternative, other].filter((outcome) => outcome !== undefined);
  const faults = outcomes.map((outcome) =>
    faultOf(() => {
      checkOutcome(outcome.outcome, report, call.load !== undefined || call.list !== undefined);
      checkWire(outcome.wire ?? {}, report.arena.upstream.hits, report.arena.upstream2.hits);
    }),
  );
  if (faults.every((fault) => fault !== undefined)) throw faults[0];
  const asFirstSaid = faults[0] === undefined;
  for (const [word, value] of Object.entries({ ...DEFAULTS, ...wanted })) {
    if (ELSEWHERE.has(word) || (word === 'upstreamHits' && !asFirstSaid)) continue;
    const check = CHECKS[word as keyof Expectation] as Check<keyof Expectation> | undefined;
    expect(check, `nothing here checks "${word}"`).toBeDefined();
    await check!(value as never, report);
  }
  checkSecrets(report);
  expect(report.aliveMs, 'the harmless tool').toBeLessThan(1_000);
}

function checkOutcome(outcome: string | undefined, report: Report, loadOnly: boolean): void {
  const { loadError, calls, tools, diagnostics, arena } = report;
  if (outcome === 'load_rejected')
    return void expect(loadError, 'what loading threw').toMatchObject({
      code: expect.stringMatching(/^(SPEC|SERVER)_/),
      hint: expect.stringMatching(/./),
    });
  expect(loadError).toBeUndefined();
  switch (outcome) {
    case 'load_ok':
      return;
    case 'op_skipped': {
      const refusals = diagnostics.filter(({ severity }) => severity !== 'info');
      expect(refusals.length, 'diagnostics').toBeGreaterThan(0);
      const declared = Object.values((arena.attack.spec as { paths: { [path: string]: object } }).paths).flatMap(
        (item) => Object.keys(item),
      ).length;
      return void expect(tools.length).toBeLessThan(declared);
    }
    case 'reported':
      return void expect(diagnostics.map(({ message }) => message).join('\n')).toMatch(
        /\$ref|reference|file:|http:|\.\./,
      );
    case 'ok':
      return;
    case undefined:
      return void expect(loadOnly).toBe(false);
    default: {
      const last = calls.at(-1)!;
      expect(last.outcome, last.text).toBe(outcome);
      if (outcome === 'rejected_before_send') expect(arena.upstream.hits.length).toBe(0);
    }
  }
}

function checkWire(wanted: NonNullable<Outcome['wire']>, hits: readonly Hit[], others: readonly Hit[]): void {
  for (const [word, value] of Object.entries(wanted)) {
    const check = Object.hasOwn(WIRE, word) ? WIRE[word] : undefined;
    expect(check, `nothing here checks the wire's "${word}"`).toBeDefined();
    check!(value, hits, others);
  }
}

const WIRE: { readonly [word: string]: (wanted: unknown, hits: readonly Hit[], others: readonly Hit[]) => void } = {
  rawPath: (wanted, hits) => expect(hits[0]!.target).toBe(wanted),
  headerAbsent: (wanted, _, others) => {
    const names = pairsOf(others[0]!.rawHeaders).map(([name]) => name.toLowerCase());
    for (const name of wanted as string[]) expect(names).not.toContain(name);
  },
  cookiePairs: (wanted, hits) => {
    const cookies = pairsOf(hits[0]!.rawHeaders).filter(([name]) => name.toLowerCase() === 'cookie');
    expect(cookies.flatMap(([, value]) => value.split(';')).length).toBe(wanted);
  },
  multipartParts: (wanted, hits) => {
    const type = pairsOf(hits[0]!.rawHeaders).find(([name]) => name.toLowerCase() === 'content-type')![1];
    const boundary = /boundary="?([^";]+)/.exec(type)![1]!;
    const [, ...parts] = hits[0]!.body.split(`--${boundary}`);
    expect(parts.length - 1).toBe(wanted);
    const head = parts[0]!.slice(0, parts[0]!.indexOf('\r\n\r\n'));
    expect(head.match(/^content-type:/gim)).toHaveLength(1);
  },
  sameHeaderAcrossAttempts: (wanted, hits) => {
    const values = hits.map(
      ({ rawHeaders }) => pairsOf(rawHeaders).find(([name]) => name.toLowerCase() === wanted)?.[1],
    );
    expect(values[0]).toMatch(/\S{8}/);
    expect(new Set(values).size).toBe(1);
  },
  sameBodyAcrossAttempts: (_, hits) => expect(new Set(hits.map(({ body }) => body)).size).toBe(1),
};

function checkSecrets(report: Report): void {
  const output = outputOf(report);
  for (const secret of [report.arena.secrets.A, report.arena.secrets.B]) expect(output).not.toContain(secret);
}

function faultOf(check: () => void): unknown {
  try {
    check();
    return undefined;
  } catch (error) {
    return error;
  }
}

function within(actual: number, wanted: number | { readonly max: number }, what: string): void {
  if (typeof wanted === 'number') expect(actual, what).toBe(wanted);
  else expect(actual, what).toBeLessThanOrEqual(wanted.max);
}

function hitsOf(hits: readonly Hit[]): number {
  return hits.length;
}

function hitsAt(hits: readonly Hit[]): readonly number[] {
  return hits.map(({ at }) => at).sort((a, b) => a - b);
}

function namesOf(tools: readonly { readonly name: string }[]): readonly string[] {
  return tools.map(({ name }) => name);
}

/** `U+202A-202E` as a pattern. */
function charactersOf(range: string): RegExp {
  const [first, last = first] = range.replace('U+', '').split('-');
  return new RegExp(`[\\u{${first}}-\\u{${last}}]`, 'u');
}
