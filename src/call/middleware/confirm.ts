import { createHash } from 'node:crypto';
import { BridgeError } from '../../errors.ts';
import { originOf } from '../../net/origin.ts';
import type { CellStore } from '../../store/types.ts';
import { type ToolConfirmation, takeToken } from '../../tool/confirmation.ts';
import { canonical, fingerprint } from '../../tool/fingerprint.ts';
import type { Tool } from '../../tool/types.ts';
import { APPROVAL_TTL_MS, type Approvals, type Verdict } from '../approvals.ts';
import type { Handler, Middleware } from '../compose.ts';
import type { Decision } from '../decision.ts';
import type { Call, Planned } from '../execute.ts';
import { failureOf } from '../failure.ts';
import { type AskPerson, describeRequest, type Question } from '../question.ts';
import type { CallResult, RequestPlan } from '../types.ts';

export interface ConfirmOptions {
  readonly approvals: Approvals;
  /** Holds what need not be asked again. */
  readonly cells: CellStore;
  /** Checks the arguments and writes the request; nothing is sent. */
  readonly plan: (call: Call) => Planned;
  /** Takes secrets out of what a person is shown. */
  readonly mask: (text: string) => string;
}

/** A person need not be asked again for this long. */
const REMEMBERED_MS = 30 * 86_400_000;

/**
 * Asks a person before a call that is to be asked about (`tool.confirmation`), by way of the surface; where nobody can be
 * asked, refuses, lets it pass, or takes it in two steps. Wrong arguments are refused without asking. A consent counts for
 * this caller, these arguments and this version of the tool, once. The call goes on without the token's argument.
 */
export function confirm(options: ConfirmOptions): Middleware<Call, CallResult> {
  return (next) => (given) => {
    const { confirmation } = given.tool;
    return confirmation ? asked(next, given, confirmation) : next(given);
  };

  async function asked(
    next: Handler<Call, CallResult>,
    given: Call,
    confirmation: ToolConfirmation,
  ): Promise<CallResult> {
    const taken = takeToken(given.tool, given.args);
    const call = { ...given, args: taken.args };
    const planned = options.plan(call);
    if (!planned.ok) return planned.result;
    const decide = (decision: Decision): void => {
      call.trace.confirmation = decision;
    };
    const asking: Asking = { ...options, call, request: planned.plan, confirmation, decide };
    return (await stopped(asking, taken.token).catch(asResult)) ?? next(call);
  }
}

/** Without the store nobody can tell whether a consent has been used before: nothing is sent. */
function asResult(error: unknown): CallResult {
  if (error instanceof BridgeError) return { kind: 'failed', error: failureOf(error) };
  throw error;
}

interface Asking extends ConfirmOptions {
  readonly call: Call;
  readonly request: RequestPlan;
  readonly confirmation: ToolConfirmation;
  readonly decide: (decision: Decision) => void;
}

/** What the call ends with if it is not to go out. */
async function stopped(asking: Asking, token: string | undefined): Promise<CallResult | undefined> {
  const { call, confirmation, decide } = asking;
  if (confirmation.rememberable && (await isRemembered(asking))) {
    decide('remembered');
    return undefined;
  }
  const { confirm: ask, approval } = call.context;
  if (ask) return (await isApproved(asking, approval)) ? undefined : askPerson(asking, ask);
  switch (confirmation.cannotAsk) {
    case 'allow':
      decide('allowed_unasked');
      return undefined;
    case 'refuse':
      decide('refused_unasked');
      return refusal(
        'CONFIRMATION_REQUIRED',
        `Calls of ${call.tool.name} need the consent of a person, and this client cannot ask for it; nothing was sent.`,
        'Use a client that can (MCP elicitation), or let the operator of this bridge set "cannotAsk" under "confirm:" in the config.',
      );
    case 'two-step':
      return secondStep(asking, token ?? approval);
  }
}

/** Where a person can be asked, only the surface may say that it has been done: a token that a model brings counts nothing. */
async function isApproved(asking: Asking, approval: string | undefined): Promise<boolean> {
  if (approval === undefined) return false;
  const good = (await asking.approvals.redeem('token', bindingOf(asking), approval)) === 'good';
  if (!good) return false;
  asking.decide('token_accepted');
  asking.call.context.onConsent?.(questionOf(asking));
  return true;
}

async function askPerson(asking: Asking, ask: AskPerson): Promise<CallResult | undefined> {
  const { call, decide } = asking;
  const question = questionOf(asking);
  const answer = await ask(question);
  switch (answer.kind) {
    case 'accepted': {
      const always = answer.remember === true && asking.confirmation.rememberable;
      if (always) await remember(asking);
      decide(always ? 'accepted_always' : 'accepted');
      call.context.onConsent?.(question);
      return undefined;
    }
    case 'declined':
      decide('declined');
      return refusal(
        'CONFIRMATION_DECLINED',
        `The person declined this call of ${call.tool.name}; nothing was sent.`,
        'Do not try again unasked; ask the person what to do instead.',
      );
    case 'cancelled':
      decide('cancelled');
      return refusal(
        'CONFIRMATION_DECLINED',
        `The person closed the question about this call of ${call.tool.name} without an answer; nothing was sent.`,
        'Ask the person whether to try again.',
      );
    case 'asking':
      decide('asked');
      return refusal(
        'CONFIRMATION_REQUIRED',
        `The person is being asked about this call of ${call.tool.name}; nothing was sent.`,
        'Wait for the answer.',
      );
    case 'foreign':
      decide('answer_foreign');
      return refusal(
        'CONFIRMATION_REQUIRED',
        `The answer does not belong to the question about this call of ${call.tool.name}; nothing was sent.`,
        'Make the call again, and ask the person anew.',
      );
  }
}

function questionOf(asking: Asking): Question {
  const { approvals, confirmation } = asking;
  return {
    text: textOf(asking),
    rememberable: confirmation.rememberable,
    state: async () => (await approvals.make('state', bindingOf(asking))).text,
    token: async () => (await approvals.make('token', bindingOf(asking))).text,
    redeem: (state) => approvals.redeem('state', bindingOf(asking), state),
  };
}

function textOf({ call: { tool, args }, request, mask }: Asking): string {
  return describeRequest(tool, request, { args: (args ?? {}) as { readonly [name: string]: unknown }, mask });
}

async function firstStep(asking: Asking, why: string): Promise<CallResult> {
  const { approvals, call, confirmation } = asking;
  const { text: token, expiresAt } = await approvals.make('token', bindingOf(asking));
  const text = textOf(asking);
  const minutes = Math.round(APPROVAL_TTL_MS / 60_000);
  return {
    kind: 'failed',
    error: {
      code: 'CONFIRMATION_REQUIRED',
      message: `${why}\n${text}`,
      hint: `Show this request to the person and ask. Only if they agree: call ${call.tool.name} again within ${minutes} minutes with exactly the same arguments and "${confirmation.argument}": "${token}". It counts once, and for nothing else.`,
      retryable: true,
      confirmation: {
        token,
        argument: confirmation.argument,
        expiresAt: new Date(expiresAt).toISOString(),
        request: text,
      },
    },
  };
}

const REFUSED: { readonly [verdict in Exclude<Verdict, 'good'>]: string } = {
  expired: 'The confirmation token has expired; nothing was sent.',
  used: 'The confirmation token has been used before; nothing was sent.',
  foreign:
    'The confirmation token was not made for this call: other arguments, another tool, another version of it or another caller; nothing was sent.',
};

async function secondStep(asking: Asking, token: string | undefined): Promise<CallResult | undefined> {
  const { approvals, decide } = asking;
  if (token === undefined) {
    decide('token_issued');
    return firstStep(asking, 'This call needs the consent of a person; nothing was sent.');
  }
  const verdict = await approvals.redeem('token', bindingOf(asking), token);
  if (verdict === 'good') {
    decide('token_accepted');
    return undefined;
  }
  decide(`token_${verdict}`);
  return firstStep(asking, REFUSED[verdict]);
}

/** All that a consent is for. */
function bindingOf({ call: { tool, args, context }, request }: Pick<Asking, 'call' | 'request'>): string {
  return digest([...callerAndTool(tool, request, context.principal), args ?? {}]);
}

function callerAndTool(tool: Tool, request: RequestPlan, principal: string | undefined): unknown[] {
  return [principal ?? null, tool.api, tool.name, fingerprint(tool), request.method, originOf(request.url)];
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

/** Of this caller, this version of the tool and this host; a caller that speaks for many people says for whom. */
function rememberedKey({ call: { tool, context }, request }: Asking): string {
  const whose = context.client?.subject ?? null;
  return `confirm:always:${digest([...callerAndTool(tool, request, context.principal), whose])}`;
}

async function isRemembered(asking: Asking): Promise<boolean> {
  return asking.cells.update<boolean, boolean>(rememberedKey(asking), REMEMBERED_MS, (state = false) => ({
    state,
    result: state,
  }));
}

async function remember(asking: Asking): Promise<void> {
  await asking.cells.update(rememberedKey(asking), REMEMBERED_MS, () => ({ state: true, result: undefined }));
}

function refusal(
  code: 'CONFIRMATION_REQUIRED' | 'CONFIRMATION_DECLINED',
  message: string,
  hint: string,
): CallResult & { readonly kind: 'failed' } {
  return { kind: 'failed', error: { code, message, hint, retryable: false } };
}
