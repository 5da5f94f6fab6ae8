import {
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Answer, AskPerson, Question } from '../call/question.ts';
import { isServerState } from './server-state.ts';

/** The question that one tools/call request may raise. */
export interface FormElicitation {
  /** For `CallContext.confirm`. */
  readonly confirm: AskPerson;
  /** What to answer instead of the call's result: the question it stopped at. */
  readonly required: () => InputRequiredResult | undefined;
  /** The client's state belongs to another request, or was changed. */
  readonly isForeign: () => boolean;
}

const KEY = 'confirm';
const REMEMBER = 'do_not_ask_again';

/**
 * Asks by form elicitation, in both generations alike: the call ends in `input_required`, and comes again with the answer
 * and the signed state (MCP 2026-07-28 "Multi Round-Trip Requests"). Towards older clients the SDK sends
 * `elicitation/create` and calls again itself. No deadline runs while a person thinks. An answer that comes too late, or a
 * second time, is no answer: the person is asked anew.
 */
export function createFormElicitation(context: ServerContext): FormElicitation {
  const { mcpReq } = context;
  let required: InputRequiredResult | undefined;
  let foreign = false;

  async function answerTo(question: Question): Promise<Answer | undefined> {
    const state = mcpReq.requestState<string>();
    const response = inputResponse(mcpReq.inputResponses, KEY);
    if (state === undefined || isServerState(state) || response.kind !== 'elicit') return undefined;
    const verdict = await question.redeem(state);
    if (verdict === 'foreign') return { kind: 'foreign' };
    if (verdict !== 'good') return undefined;
    switch (response.action) {
      case 'accept':
        return { kind: 'accepted', remember: response.content?.[REMEMBER] === true };
      case 'decline':
        return { kind: 'declined' };
      case 'cancel':
        return { kind: 'cancelled' };
    }
  }

  return {
    async confirm(question) {
      const answer = await answerTo(question);
      foreign = answer?.kind === 'foreign';
      if (answer) return answer;
      required = inputRequired({
        inputRequests: { [KEY]: formFor(question) },
        requestState: await question.state(),
      });
      return { kind: 'asking' };
    },
    required: () => required,
    isForeign: () => foreign,
  };
}

function formFor({ text, rememberable }: Question) {
  const properties = rememberable
    ? {
        [REMEMBER]: {
          type: 'boolean' as const,
          title: 'Do not ask again',
          description: 'For this tool on this host, while the bridge runs.',
          default: false,
        },
      }
    : {};
  return {
    method: 'elicitation/create' as const,
    params: {
      mode: 'form' as const,
      message: `Send this request?\n\n${text}`,
      requestedSchema: { type: 'object' as const, properties },
    },
  };
}
