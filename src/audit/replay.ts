import type { AuditRecord } from './record.ts';

/** What a recorded call would be today. */
export type Replanned =
  | {
      readonly kind: 'planned';
      readonly api: string;
      readonly toolVersion: string;
      readonly method: string;
      readonly origin: string;
      readonly pathTemplate: string;
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Plans a call against the present document; sends nothing. */
export type Replan = (tool: string, args: unknown) => Promise<Replanned>;

export interface ReplayDifference {
  readonly seq: number;
  readonly tool: string;
  readonly change: string;
}

export interface Replay {
  readonly calls: number;
  readonly same: number;
  readonly differences: readonly ReplayDifference[];
  /** Recorded with shape and hash only: they cannot be planned again. */
  readonly withoutArguments: number;
}

/** Plans every recorded call again (its first `started`, or its `refused` for wrong arguments) and says what would differ. */
export async function replayAudit(records: Iterable<AuditRecord>, replan: Replan): Promise<Replay> {
  const differences: ReplayDifference[] = [];
  const seen = new Set<string>();
  let withoutArguments = 0;
  for (const record of records) {
    if (!isFirstWord(record) || seen.has(record.call)) continue;
    seen.add(record.call);
    if (isDigest(record.arguments)) {
      withoutArguments++;
      continue;
    }
    const change = changeOf(record, await replan(record.tool, record.arguments));
    if (change !== undefined) differences.push({ seq: record.seq, tool: record.tool, change });
  }
  const calls = seen.size;
  return { calls, same: calls - differences.length - withoutArguments, differences, withoutArguments };
}

function isFirstWord({ event, result }: AuditRecord): boolean {
  return event === 'started' || (event === 'refused' && result === 'invalid');
}

function isDigest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  return names.length === 2 && names[0] === 'shape' && names[1] === 'hash';
}

function changeOf(record: AuditRecord, now: Replanned): string | undefined {
  const refused = record.event === 'refused';
  switch (now.kind) {
    case 'gone':
      return 'the tool is gone';
    case 'refused':
      return refused ? undefined : `would be refused: ${now.reason}`;
    case 'planned':
      return refused ? 'was refused, and would be sent' : (moved(record, now) ?? reworded(record, now));
  }
}

function moved(record: AuditRecord, now: Replanned & { readonly kind: 'planned' }): string | undefined {
  const before = `${record.method} ${record.origin ?? now.origin}${record.path_template}`;
  const after = `${now.method} ${now.origin}${now.pathTemplate}`;
  if (record.api !== now.api) return `belongs to ${now.api}, belonged to ${record.api}`;
  return before === after ? undefined : `would be ${after}, was ${before}`;
}

function reworded(record: AuditRecord, now: Replanned & { readonly kind: 'planned' }): string | undefined {
  if (record.tool_version === now.toolVersion) return undefined;
  return `the tool changed: version ${now.toolVersion}, was ${record.tool_version}`;
}
