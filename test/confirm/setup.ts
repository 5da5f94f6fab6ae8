import { join } from 'node:path';
import { openAuditLog } from '../../src/audit/log.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { createApprovals } from '../../src/call/approvals.ts';
import { compose } from '../../src/call/compose.ts';
import { type Call, type CallContext, planCall } from '../../src/call/execute.ts';
import { createAuditMiddleware } from '../../src/call/middleware/audit.ts';
import { confirm } from '../../src/call/middleware/confirm.ts';
import type { Answer, Question } from '../../src/call/question.ts';
import type { CallFailure, CallResult, PendingConfirmation } from '../../src/call/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { CellStore } from '../../src/store/types.ts';
import { type ConfirmationRule, type ConfirmationRules, withConfirmation } from '../../src/tool/confirmation.ts';
import type { Tool } from '../../src/tool/types.ts';
import { readRecords, useFolder } from '../audit/support.ts';
import { createFakeClock, type FakeClock } from '../policy/fake-clock.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { compileFile } from '../support/documents.ts';

const compiled = await compileFile(repositoryFile('test/fixtures/shop.yaml'));
const tools = compiled.tools.map((tool) => withConfirmation(tool, { bridge: { ask: 'never' } }));

/** A tool of the shop as the document describes it. */
export function shopTool(name: string): Tool {
  return tools.find((tool) => tool.name === name)!;
}

export interface EngineOptions {
  readonly rules?: ConfirmationRules;
  readonly mask?: (text: string) => string;
  /** Of another replica. */
  readonly cells?: CellStore;
  readonly clock?: FakeClock;
}

export interface Engine {
  readonly clock: FakeClock;
  readonly cells: CellStore;
  /** Arguments that went on to be sent. */
  readonly sent: unknown[];
  readonly questions: Question[];
  call(name: string, args: unknown, how?: CallHow): Promise<CallResult>;
  records(): AuditRecord[];
}

export interface CallHow extends Partial<CallContext> {
  /** The answer of a person who is asked at once; absent: nobody can be asked. */
  readonly answer?: Answer;
  /** Another version of the tool. */
  readonly tool?: Partial<Tool>;
}

const folder = useFolder();
const SERVER = { baseUrl: 'https://shop.example.com/v1', variables: {}, headers: [] };

/** The middleware with audit around it, and nothing behind it but a note of what would be sent. */
export function createEngine(options: EngineOptions = {}): Engine {
  const clock = options.clock ?? createFakeClock();
  const cells = options.cells ?? createMemoryStore({ clock }).cells;
  const path = join(folder(), 'audit.jsonl');
  const sent: unknown[] = [];
  const questions: Question[] = [];
  const { calls } = createAuditMiddleware({ log: openAuditLog({ path, clock, payloads: true }), clock });
  const confirming = confirm({
    approvals: createApprovals({ cells, clock }),
    cells,
    plan: (call) => planCall(call, SERVER),
    mask: options.mask ?? ((text) => text),
  });
  const execute = compose<Call, CallResult>(
    async ({ args }) => {
      sent.push(args);
      return { kind: 'ok', status: 200, statusText: 'OK', content: { kind: 'none' } };
    },
    [calls, confirming],
  );
  return {
    clock,
    cells,
    sent,
    questions,
    call(name, args, { answer, tool, ...context } = {}) {
      return execute({
        tool: withConfirmation({ ...shopTool(name), ...tool }, options.rules ?? {}),
        args,
        context: {
          surface: 'mcp',
          requestId: 'r-1',
          ...context,
          ...(answer === undefined
            ? {}
            : {
                confirm: async (question) => {
                  questions.push(question);
                  return answer;
                },
              }),
        },
        trace: { attempts: 0, cached: false, timings: {} },
      });
    },
    records: () => readRecords(path),
  };
}

export function failureOf(result: CallResult): CallFailure {
  if (result.kind !== 'failed') throw new Error(`The call is ${result.kind}`);
  return result.error;
}

export function pendingOf(result: CallResult): PendingConfirmation {
  return failureOf(result).confirmation!;
}

export const rule = (tool: ConfirmationRule): ConfirmationRules => ({ tool });
