import {
  type CallToolResult,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { LoginSource, UrlLogin } from '../auth/url-login.ts';
import type { CallOutcome } from '../bridge.ts';
import { failureOf } from '../call/failure.ts';
import { renderResult } from '../call/render.ts';
import type { CallResult } from '../call/types.ts';
import { BridgeError } from '../errors.ts';

/** The login that one tools/call request may need. */
export interface LoginElicitation {
  /** Waits for the login that the client comes back from. A result: the answer, in place of the call's. */
  arrive(): Promise<CallToolResult | InputRequiredResult | undefined>;
  /** The consent that was given before the login came in between. */
  readonly approval: string | undefined;
  /** Sends the person to a login that would mend the outcome. `approval`: a consent that would be lost. */
  ask(outcome: CallOutcome, approval: () => Promise<string | undefined>): Promise<InputRequiredResult | undefined>;
}

const KEY = 'login';
const PREFIX = 'login.';
/** Of one request; clients give up after 60 s. Those who come back with the state alone do not bother the person again. */
const WAIT_MS = 40_000;

/** Asks by URL elicitation (MCP 2025-11-25 and later): the person logs in in a browser, and no secret passes through the client. */
export function createLoginElicitation({ mcpReq }: ServerContext, logins: LoginSource): LoginElicitation {
  const state = mcpReq.requestState<string>();
  const [id, approval] = state?.startsWith(PREFIX) ? state.slice(PREFIX.length).split('.') : [];
  let declined = false;
  let came: UrlLogin | undefined;

  return {
    async arrive() {
      came = id === undefined ? undefined : await logins.find(id);
      if (!came) return undefined;
      const response = inputResponse(mcpReq.inputResponses, KEY);
      declined = response.kind === 'elicit' && response.action !== 'accept';
      if (declined) return undefined;
      const end = await endOf(came, mcpReq.signal);
      if (end === 'pending') return inputRequired({ requestState: state! });
      return end === 'done' ? undefined : failed(end);
    },
    approval,
    async ask({ result }, approved) {
      const wanted = wantedBy(result);
      if (!wanted || declined || (came && wanted.schemes[0] === came.scheme)) return undefined;
      const login = await logins.start(wanted);
      if (!login) return undefined;
      const consent = await approved();
      return inputRequired({
        inputRequests: { [KEY]: inputRequired.elicitUrl({ message: login.message, url: login.url }) },
        requestState: PREFIX + [login.id, ...(consent === undefined ? [] : [consent])].join('.'),
      });
    },
  };
}

function wantedBy(result: CallResult) {
  return result.kind === 'failed' ? result.error.login : undefined;
}

/** How a login ended, or that it has not yet. Rejects when the caller goes away. */
function endOf({ finished }: UrlLogin, signal: AbortSignal): Promise<'done' | 'pending' | BridgeError> {
  return new Promise((resolve, reject) => {
    const leave = () => settle(() => reject(signal.reason));
    const timer = setTimeout(() => settle(() => resolve('pending')), WAIT_MS);
    const settle = (then: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      then();
    };
    signal.addEventListener('abort', leave, { once: true });
    finished.then(
      () => settle(() => resolve('done')),
      (error: unknown) => settle(() => (error instanceof BridgeError ? resolve(error) : reject(error))),
    );
  });
}

function failed(error: BridgeError): CallToolResult {
  const { content } = renderResult({ kind: 'failed', error: failureOf(error) }, { structured: false });
  return { content: [...content] as CallToolResult['content'], isError: true };
}
