import { type InputRequiredResult, inputRequired, type ServerContext } from '@modelcontextprotocol/server';
import type { CallOutcome } from '../bridge.ts';
import type { ServerInput, WantedInput } from '../call/server-input.ts';
import { askableOf, type Capabilities } from './askable.ts';
import { isServerState, readServerState, writeServerState } from './server-state.ts';

/** What the MCP server that has a tool asks of the client in one tools/call request, passed on. */
export interface ServerElicitation {
  /** For `CallContext.serverInput`. */
  readonly input: ServerInput;
  /** The consent that was given before the server asked. */
  readonly approval: string | undefined;
  /** The server's questions, if the call ended in some. `approval`: a consent that would be lost. */
  ask(outcome: CallOutcome, approval: () => Promise<string | undefined>): Promise<InputRequiredResult | undefined>;
}

export function createServerElicitation(
  { mcpReq }: ServerContext,
  capabilities: ServerInput['capabilities'],
): ServerElicitation {
  const written = mcpReq.requestState<string>();
  const ours = written !== undefined && isServerState(written);
  const { approval, state } = ours ? readServerState(written) : {};
  const responses = written === undefined || ours ? mcpReq.inputResponses : undefined;
  return {
    input: { capabilities, ...(responses ? { responses } : {}), ...(state === undefined ? {} : { state }) },
    approval,
    async ask({ result }, approved) {
      const wanted = result.kind === 'failed' ? result.error.input : undefined;
      if (!wanted) return undefined;
      const consent = await approved();
      return asInputRequired(wanted, writeServerState({ ...wanted, ...(consent ? { approval: consent } : {}) }));
    },
  };
}

/** The same for a request that needs no consent: the server's own state will do. */
export function inputOf({ mcpReq }: ServerContext, capabilities: Capabilities): ServerInput {
  const state = mcpReq.requestState<string>();
  return {
    capabilities: askableOf(capabilities) ?? {},
    ...(mcpReq.inputResponses ? { responses: mcpReq.inputResponses } : {}),
    ...(state === undefined ? {} : { state }),
  };
}

/** The SDK refuses what the client has not said it can answer, and asks clients of older revisions itself. */
export function asInputRequired({ requests }: WantedInput, state: string | undefined): InputRequiredResult {
  return inputRequired({
    ...(Object.keys(requests).length === 0 ? {} : { inputRequests: requests as never }),
    ...(state === undefined ? {} : { requestState: state }),
  });
}
