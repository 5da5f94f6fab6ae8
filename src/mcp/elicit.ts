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
import type { Question } from '../call/question.ts';
import type { Tool } from '../tool/types.ts';
import { askableOf } from './askable.ts';
import { createFormElicitation } from './elicit-form.ts';
import type { LoginElicitation } from './elicit-login.ts';
import { createServerElicitation } from './elicit-server.ts';

/** What one tools/call request may have to ask the person or the client, and the answers it brings. */
export interface Elicitation {
  /** Before the call. A result: the answer, in place of the call's. */
  before(): Promise<CallToolResult | InputRequiredResult | undefined>;
  /** For the call. */
  context(): Pick<CallContext, 'confirm' | 'approval' | 'onConsent' | 'serverInput'>;
  /** After the call: what has to be asked instead of answering. Throws ProtocolError for a state that is not of this call. */
  after(outcome: CallOutcome): Promise<InputRequiredResult | undefined>;
}

const INVALID_PARAMS = -32602;
/** As the SDK says it; which of the things it is bound to differs is not told. */
const FOREIGN_STATE = 'Invalid or expired requestState';

/** Who may ask something in the course of a call. */
export interface Askers {
  readonly logins: LoginSource | undefined;
  readonly tool: Tool | undefined;
}

/** Undefined for a client that answers nothing that could be asked. */
export async function createElicitation(
  server: Server,
  context: ServerContext,
  { logins, tool }: Askers,
): Promise<Elicitation | undefined> {
  const capabilities = capabilitiesOf(server, context);
  const askable = tool?.remote && askableOf(capabilities);
  const shown = capabilities?.elicitation;
  if (!shown && !askable) return undefined;
  // A bare `{}` is what clients said before there were pages.
  const showsForms = shown && (shown.form !== undefined || shown.url === undefined);
  const form = showsForms ? createFormElicitation(context) : undefined;
  const login = logins && shown?.url !== undefined ? await loadLogin(context, logins) : undefined;
  const passedOn = askable ? createServerElicitation(context, askable) : undefined;
  const approval = login?.approval ?? passedOn?.approval;
  let consent: Question | undefined;
  const token = async () => consent?.token();
  return {
    before: async () => login?.arrive(),
    context: () => ({
      ...(form ? { confirm: form.confirm } : {}),
      ...(approval === undefined ? {} : { approval }),
      ...(passedOn ? { serverInput: passedOn.input } : {}),
      onConsent: (question) => {
        consent = question;
      },
    }),
    async after(outcome) {
      if (form?.isForeign()) throw new ProtocolError(INVALID_PARAMS, FOREIGN_STATE);
      return form?.required() ?? (await login?.ask(outcome, token)) ?? (await passedOn?.ask(outcome, token));
    },
  };
}

async function loadLogin(context: ServerContext, logins: LoginSource): Promise<LoginElicitation> {
  const { createLoginElicitation } = await import('./elicit-login.ts');
  return createLoginElicitation(context, logins);
}

/** What the client says with this request (2026-07-28), or has said at `initialize`. */
export function capabilitiesOf(server: Server, { mcpReq }: ServerContext): ClientCapabilities | undefined {
  const stated: { readonly [key: string]: unknown } | undefined = mcpReq.envelope;
  return (stated?.[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined) ?? server.getClientCapabilities();
}
