import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasShared } from '../support/documents.ts';
import { type Arena, openArena } from './arena.ts';
import { type AttackCase, readCases } from './cases.ts';
import { judge } from './judge.ts';
import { runCase } from './run.ts';

/** The families of this project's own promises about calls; those of surfaces are beside the surfaces. */
const FAMILIES = [
  'path-*',
  'header-injection',
  'argument-strictness',
  'host-override',
  'credential-origin',
  'ssrf-*',
  'external-ref',
  'spec-bomb',
  'redos',
  'prototype-pollution',
  'tool-name',
  'description-injection',
  'hostile-response',
  'breaker',
  'retry-idempotency',
  'rate-limit',
  'cache-isolation',
  'cancellation',
  'secrets-logging',
  'env-templating',
  'stdio',
  'lifecycle-audit',
];

/** Played against the built command in `process.test.ts`: they are about a process, its signals and its standard streams. */
const OF_A_PROCESS = new Set(['D-CX-02', 'D-ST-01', 'D-ST-02', 'D-ST-03', 'D-LA-01', 'D-LA-02', 'D-LA-04']);

/** Time and memory are of a machine that others use too: a case about them has three tries. */
const TRIES = 3;
const MEASURED = [
  'maxMs',
  'maxRssMB',
  'maxLoopDelayMs',
  'fastFailMs',
  'upstreamAbortedWithinMs',
  'upstreamHitsWhileHalfOpen',
] as const;

const cases = readCases(FAMILIES).filter(({ id }) => !OF_A_PROCESS.has(id));
const arenas: Arena[] = [];

afterEach(async () => {
  for (const arena of arenas.splice(0)) await arena.close();
});

/** Modules are loaded and compiled once, and no case is charged for it. */
beforeAll(async () => {
  const [first] = cases;
  if (first) await play(first).catch(() => undefined);
});

async function play(attack: AttackCase): Promise<void> {
  const arena = await openArena(attack);
  arenas.push(arena);
  const before = prototypeKeys();
  const report = await runCase(arena);
  await judge(arena.attack, report);
  expect(prototypeKeys()).toEqual(before);
}

function prototypeKeys(): readonly PropertyKey[] {
  return [Object.prototype, Array.prototype].flatMap((prototype) => Reflect.ownKeys(prototype));
}

describe.skipIf(!hasShared)('an attack (skipped where ../shared/attacks is not there)', () => {
  it.each(cases.map((attack) => [attack.family, attack.id, attack.title, attack] as const))(
    'of %s is withstood: %s %s',
    { timeout: 30_000 },
    async (_family, _id, _title, attack) => {
      const measured = MEASURED.some((word) => attack.expect[word] !== undefined);
      for (let tries = measured ? TRIES : 1; ; tries--) {
        try {
          return await play(attack);
        } catch (error) {
          if (tries === 1) throw error;
        }
      }
    },
  );
});
