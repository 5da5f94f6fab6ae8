import { readFileSync } from 'node:fs';
import { hasShared, SHARED } from '../support/documents.ts';
import { expand } from './generators.ts';

/** One attack, as `attacks.json` writes it; its header explains the words. */
export interface AttackCase {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly spec?: unknown;
  readonly specText?: string;
  readonly config?: { readonly [key: string]: unknown };
  readonly upstream?: { readonly [route: string]: unknown };
  readonly call: CallWords;
  readonly expect: Expectation;
}

export interface CallWords {
  readonly load?: true;
  readonly list?: true;
  readonly tool?: string;
  readonly arguments?: { readonly [name: string]: unknown };
  readonly rawArguments?: string;
  readonly repeat?: number;
  readonly concurrent?: number;
  readonly atMs?: number;
  readonly as?: readonly string[];
  readonly sequence?: number | readonly string[];
  readonly disconnectAfterMs?: number;
  readonly thenCloseStdinAfterMs?: number;
  readonly killAfterUpstreamSaw?: true;
  readonly signal?: NodeJS.Signals;
  readonly notify?: object;
  readonly stdin?: readonly string[];
}

export interface Outcome {
  readonly outcome?: string;
  readonly wire?: { readonly [assertion: string]: unknown };
}

type Count = number | { readonly max: number };

export interface Expectation extends Outcome {
  readonly alternative?: Outcome;
  readonly upstreamHits?: Count;
  readonly attackerHits?: number;
  readonly internalHits?: number;
  readonly connectAttempts?: Count;
  readonly dnsLookups?: Count;
  readonly bytesRead?: Count;
  readonly maxMs?: number;
  readonly maxRssMB?: number;
  readonly maxLoopDelayMs?: number;
  readonly fastFailMs?: number;
  readonly toolSchemaLacks?: readonly string[];
  readonly toolSchemaMaxBytes?: number;
  readonly toolsPresent?: readonly string[];
  readonly toolsAbsent?: readonly string[];
  readonly toolCount?: number;
  readonly toolNamesUnique?: true;
  readonly callUnknownTool?: { readonly name: string };
  readonly descriptionLacksRanges?: readonly string[];
  readonly descriptionMaxChars?: number;
  readonly lintWarning?: true;
  readonly outputLacks?: readonly string[];
  readonly logsLack?: readonly string[];
  readonly wireLacks?: readonly string[];
  readonly errorSays?: string;
  readonly crossPrincipalMismatch?: 0;
  readonly alsoEncodings?: readonly string[];
  readonly auditLinesValidJson?: true;
  readonly upstreamHitsWhileHalfOpen?: number;
  readonly upstreamAbortedWithinMs?: number;
  readonly exitWithinMs?: number;
  readonly lostResponses?: number;
}

/** The cases of these families, or none where the folder is not there. */
export function readCases(families: readonly string[]): readonly AttackCase[] {
  if (!hasShared) return [];
  const { cases } = JSON.parse(readFileSync(`${SHARED}/attacks/attacks.json`, 'utf8')) as { cases: AttackCase[] };
  return cases.filter(({ family }) =>
    families.some((each) => family === each || (each.endsWith('*') && family.startsWith(each.slice(0, -1)))),
  );
}

/** A case with its placeholders and generators filled in. */
export function fill(given: AttackCase, values: { readonly [placeholder: string]: string }): AttackCase {
  const filled = replace(given, (text) =>
    expand(text.replace(/\{\{([A-Z0-9_]+)\}\}/g, (whole, name: string) => values[name] ?? whole)),
  );
  return filled as AttackCase;
}

function replace(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => replace(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [change(name), replace(member, change)] as const);
  return Object.fromEntries(members.map(([name, member]) => generatedKey(name as string, member)));
}

/** `{ "generate:key": "repeat a*3 + !" }` is an object whose one key is generated. */
function generatedKey(name: string, member: unknown): readonly [string, unknown] {
  return name === 'generate:key' ? [expand(`generate:${member as string}`) as string, 'x'] : [name, member];
}
