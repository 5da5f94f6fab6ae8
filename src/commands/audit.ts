import { type AuditFilter, auditFilesOf, matches, readAuditLines, recordsOf, tail } from '../audit/read.ts';
import { AUDIT_RESULTS, type AuditRecord } from '../audit/record.ts';
import { type Replan, type Replay, replayAudit } from '../audit/replay.ts';
import { summarize, type ToolSummary } from '../audit/summary.ts';
import { type Verification, verifyAudit } from '../audit/verify.ts';
import type { Bridge } from '../bridge.ts';
import { BridgeError } from '../errors.ts';
import { originOf } from '../net/origin.ts';
import { fingerprint } from '../tool/fingerprint.ts';
import { openFromFlags } from './open.ts';
import type { Command, CommandInput } from './table.ts';

/** `actionbridge audit <file> [--tail N] [--tool G] [--api A] [--result R] [--since S] [--summary] [--verify] [--replay <spec>] [--format text|json]` */
export const audit: Command = async ({ words, flags }) => {
  const [path, ...rest] = words;
  if (path === undefined || rest.length > 0) throw new BridgeError('USAGE', 'audit needs one file: the audit log');
  if (auditFilesOf(path).length === 0)
    throw new BridgeError('USAGE', `${path}: no such file`, { hint: 'Give the file that was named with --audit.' });
  const json = formatOf(flags) === 'json';
  if (flags['verify'] === true) return showVerification(verifyAudit(path), json);
  const filter = filterOf(flags, Date.now());
  const wanted = matches(filter);
  const records = function* () {
    for (const record of recordsOf(readAuditLines(path))) if (wanted(record)) yield record;
  };
  if (flags['replay'] !== undefined) return replay(String(flags['replay']), records(), flags, json);
  if (flags['summary'] === true) return showSummary(summarize(records()), json);
  const last = tail(records(), countOf(flags['tail']));
  return print(last.map((record) => (json ? JSON.stringify(record) : describe(record))));
};

function formatOf(flags: CommandInput['flags']): 'text' | 'json' {
  const format = String(flags['format'] ?? 'text');
  if (format !== 'text' && format !== 'json')
    throw new BridgeError('USAGE', `--format ${format} is not one of text, json`);
  return format;
}

function countOf(given: unknown): number {
  if (given === undefined) return Number.MAX_SAFE_INTEGER;
  const count = Number(given);
  if (!Number.isInteger(count) || count < 0) throw new BridgeError('USAGE', `--tail ${String(given)} is no number`);
  return count;
}

function filterOf(flags: CommandInput['flags'], now: number): AuditFilter {
  const text = (name: string) => (flags[name] === undefined ? {} : { [name]: String(flags[name]) });
  const { result } = text('result');
  if (result !== undefined && !AUDIT_RESULTS.some((known) => known === result))
    throw new BridgeError('USAGE', `--result ${result} is not one of ${AUDIT_RESULTS.join(', ')}`);
  const since = flags['since'];
  return {
    ...text('tool'),
    ...text('api'),
    ...text('result'),
    ...(since === undefined ? {} : sinceOf(String(since), now)),
  };
}

const UNITS: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A date, or how long ago: `90s`, `15m`, `2h`, `7d`. */
function sinceOf(written: string, now: number): { since: number } {
  const ago = /^(\d+)([smhd])$/.exec(written);
  const since = ago ? now - Number(ago[1]) * UNITS[ago[2]!]! : Date.parse(written);
  if (Number.isNaN(since))
    throw new BridgeError('USAGE', `--since ${written} is neither a date nor a time such as 15m, 2h or 7d`);
  return { since };
}

function print(lines: readonly string[]): number {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function describe({ ts, event, api, tool, attempt, status, result, ms, principal, request_id }: AuditRecord): string {
  const parts = [
    ts,
    event.padEnd(8),
    `${api} ${tool} #${attempt}`,
    status,
    result,
    ms === null ? null : `${ms} ms`,
    principal === null ? null : `by ${principal}`,
    request_id,
  ];
  return parts.filter((part) => part !== null).join(' ');
}

function showSummary(tools: readonly ToolSummary[], json: boolean): number {
  if (json) return print([JSON.stringify(tools, null, 2)]);
  const rows = tools.map(({ api, tool, calls, failed, requests, p50, p99, errors }) => [
    api,
    tool,
    String(calls),
    String(failed),
    String(requests),
    p50 === null ? '' : `${p50} ms`,
    p99 === null ? '' : `${p99} ms`,
    Object.entries(errors)
      .map(([result, count]) => `${result} ${count}`)
      .join(', '),
  ]);
  const all = [['api', 'tool', 'calls', 'errors', 'requests', 'p50', 'p99', 'which errors'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return print(
    all.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
  );
}

function showVerification(found: Verification, json: boolean): number {
  const { records, findings, torn, open } = found;
  const lines = findings.map(({ file, line, problem }) => `${file}:${line}: ${problem}`);
  const counts = `${records} records, ${findings.length} findings, ${torn} torn lines, ${open} calls open`;
  print(json ? [JSON.stringify(found, null, 2)] : [...lines, counts]);
  return findings.length > 0 ? 1 : 0;
}

async function replay(
  spec: string,
  records: Iterable<AuditRecord>,
  flags: CommandInput['flags'],
  json: boolean,
): Promise<number> {
  const bridge = await openFromFlags([spec], flags);
  try {
    return showReplay(await replayAudit(records, createReplan(bridge)), json);
  } finally {
    await bridge.close();
  }
}

function showReplay(replayed: Replay, json: boolean): number {
  const { calls, same, differences, withoutArguments } = replayed;
  if (calls > 0 && withoutArguments === calls)
    throw new BridgeError('USAGE', 'No call in this log has its arguments whole: there is nothing to plan again', {
      hint: 'Set "audit.payloads: true" in the config before the calls are made.',
    });
  const lines = differences.map(({ seq, tool, change }) => `#${seq} ${tool}: ${change}`);
  const counts = `${calls} calls, ${same} as before, ${differences.length} differ, ${withoutArguments} without arguments`;
  print(json ? [JSON.stringify(replayed, null, 2)] : [...lines, counts]);
  return differences.length > 0 ? 1 : 0;
}

/** Plans by the bridge as it would call; nothing is sent. */
export function createReplan(bridge: Bridge): Replan {
  return async (name, args) => {
    const tool = bridge.registry.get(name);
    if (!tool) return { kind: 'gone' };
    const planned = await bridge.plan(name, args, { surface: 'cli' });
    if (planned.ok) {
      const { method, url } = planned.plan;
      const toolVersion = fingerprint(tool);
      return {
        kind: 'planned',
        api: tool.api,
        toolVersion,
        method,
        origin: originOf(url),
        pathTemplate: tool.request.path,
      };
    }
    const { result } = planned;
    if (result.kind === 'invalid')
      return {
        kind: 'refused',
        reason: result.issues.map(({ argument, message }) => `${argument}: ${message}`).join('; '),
      };
    return { kind: 'refused', reason: result.kind === 'failed' ? result.error.message : result.kind };
  };
}
