import { type AuditLine, readAuditLines } from './read.ts';
import { type AuditRecord, FIRST, hashLine } from './record.ts';

export interface AuditFinding {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

export interface Verification {
  readonly records: number;
  readonly findings: readonly AuditFinding[];
  /** Lines cut off when a process died; the next line confirms them by its hash. */
  readonly torn: number;
  /** Calls under way when the log was read, or open since a crash and not reported yet. */
  readonly open: number;
}

interface Progress {
  records: number;
  torn: number;
  readonly findings: AuditFinding[];
  readonly open: Set<string>;
  /** The oldest file that is left may begin in the middle of calls. */
  cut: boolean;
  seq: number | undefined;
  previous: AuditLine | undefined;
}

/**
 * Checks that nothing was changed, taken out or put in: every line carries the hash of the one before, numbers have no gap,
 * and every `finished` has its `started`. Throws AUDIT_FAILED when a file cannot be read.
 */
export function verifyAudit(path: string): Verification {
  const progress: Progress = {
    records: 0,
    torn: 0,
    findings: [],
    open: new Set(),
    cut: false,
    seq: undefined,
    previous: undefined,
  };
  for (const line of readAuditLines(path)) check(line, progress);
  if (progress.previous && !progress.previous.record) progress.torn++;
  return {
    records: progress.records,
    findings: progress.findings,
    torn: progress.torn,
    open: progress.open.size,
  };
}

function check(line: AuditLine, progress: Progress): void {
  const { previous } = progress;
  progress.previous = line;
  const { record } = line;
  if (!record) {
    if (previous && !previous.record) report(previous, 'is no record, and no whole line follows it', progress);
    return;
  }
  progress.records++;
  checkChain(line, record, previous, progress);
  checkPair(line, record, progress);
}

function checkChain(line: AuditLine, record: AuditRecord, previous: AuditLine | undefined, progress: Progress): void {
  if (previous) {
    const whole = record.prev === hashLine(previous.bytes);
    if (!whole)
      report(
        line,
        previous.record ? 'does not follow from the line before it' : 'follows a line that was changed',
        progress,
      );
    else if (!previous.record) progress.torn++;
    if (progress.seq !== undefined && record.seq !== progress.seq + 1)
      report(line, `has number ${record.seq} after ${progress.seq}`, progress);
  } else {
    progress.cut = record.seq !== 1;
    if (record.seq === 1 && record.prev !== FIRST) report(line, 'is the first line and names one before it', progress);
  }
  progress.seq = record.seq;
}

function checkPair(line: AuditLine, record: AuditRecord, progress: Progress): void {
  const key = `${record.call} ${record.attempt}`;
  if (record.event === 'started') {
    if (progress.open.has(key)) report(line, `starts request ${record.attempt} of call ${record.call} twice`, progress);
    progress.open.add(key);
  } else if (record.event === 'finished' && !progress.open.delete(key) && !progress.cut) {
    report(line, `finishes request ${record.attempt} of call ${record.call}, which was not started`, progress);
  }
}

function report({ file, number }: AuditLine, problem: string, progress: Progress): void {
  progress.findings.push({ file, line: number, problem });
}
