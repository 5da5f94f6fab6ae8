import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  ProtocolError,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { LoginSource } from '../auth/url-login.ts';
import type { CallOutcome } from '../bridge.ts';
import type { CallContext } from '../call/execute.ts';
import { createFormElicitation } from './elicit-form.ts';
import type { LoginElicitation } from './elicit-login.ts';

/** What one tools/call request may have to ask the person, and the answers it brings. */
export interface Elicitation {
  /** Before the call. A result: the answer, in place of the call's. */
  before(): Promise<CallToolResult | InputRequiredResult | undefined>;
  /** For the call. */
  context(): Pick<CallContext, 'confirm' | 'approval'>;
  /** After the call: what has to be asked instead of answering. Throws ProtocolError for a state that is not of this call. */
  after(outcome: CallOutcome): Promise<InputRequiredResult | undefined>;
}

const INVALID_PARAMS = -32602;
/** As the SDK says it; which of the things it is bound to differs is not told. */
const FOREIGN_STATE = 'Invalid or expired requestState';

/** Undefined for a client that shows neither forms nor pages. */
export async function createElicitation(
  server: Server,
  context: ServerContext,
  logins: LoginSource | undefined,
): Promise<Elicitation | undefined> {
  const shown = capabilitiesOf(server, context)?.elicitation;
  if (!shown) return undefined;
  // A bare `{}` is what clients said before there were pages.
  const form = shown.form !== undefined || shown.url === undefined ? createFormElicitation(context) : undefined;
  const login = logins && shown.url !== undefined ? await loadLogin(context, logins) : undefined;
  return {
    before: async () => login?.arrive(),
    context: () => ({
      ...(form ? { confirm: form.confirm } : {}),
      ...(login?.approval === undefined ? {} : { approval: login.approval }),
    }),
    async after(outcome) {
      if (form?.isForeign()) throw new ProtocolError(INVALID_PARAMS, FOREIGN_STATE);
      return form?.required() ?? login?.ask(outcome, async () => form?.accepted()?.token());
    },
  };
}

async function loadLogin(context: ServerContext, logins: LoginSource): Promise<LoginElicitation> {
  const { createLoginElicitation } = await import('./elicit-login.ts');
  return createLoginElicitation(context, logins);
}

/** What the client says with this request (2026-07-28), or has said at `initialize`. */
function capabilitiesOf(server: Server, { mcpReq }: ServerContext): ClientCapabilities | undefined {
  const stated: { readonly [key: string]: unknown } | undefined = mcpReq.envelope;
  return (stated?.[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined) ?? server.getClientCapabilities();
}
