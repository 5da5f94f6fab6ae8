import { attach } from '../../auth/attach.ts';
import type { Auth, Choice } from '../../auth/auth.ts';
import type { CredentialMissing } from '../../auth/missing.ts';
import type { Selection } from '../../auth/selection.ts';
import { type ClientTls, readCertificate } from '../../auth/tls.ts';
import type { CertificateFiles } from '../../auth/types.ts';
import { BridgeError } from '../../errors.ts';
import { originOf } from '../../net/origin.ts';
import type { Signal } from '../../signal.ts';
import { isSafeMethod } from '../../tool/hints.ts';
import type { Tool } from '../../tool/types.ts';
import type { Handler } from '../compose.ts';
import type { Exchange, WireMiddleware } from '../execute.ts';
import type { RawResponse, RequestPlan } from '../types.ts';
import { endedWhileWaiting } from '../waiting.ts';

export interface AuthorizerOptions {
  readonly auth: Auth;
  /**
   * Without a credential: `refuse` sends nothing; `try` sends what only reads without one, and refuses when the API then says
   * 401 or 403 (many documents ask for more than their API does). Default `refuse`.
   */
  readonly missing?: 'refuse' | 'try';
}

/** An exchange that may need a client certificate: whoever sends it hands `tls` to the connection. */
export interface AuthorizedExchange extends Exchange {
  readonly tls?: ClientTls;
}

/**
 * Puts the credential onto the request, last of all; it stands inside `retry`, so that each try has a fresh one. It goes to the
 * origins of its API and to no other. A 401 is answered by one renewal and one more try, when there is something to renew:
 * the API has refused the request, so sending it again does nothing twice.
 */
export function createAuthorizer(options: AuthorizerOptions): WireMiddleware {
  const certificates = new Map<CertificateFiles, ClientTls>();
  const tlsOf = (files: CertificateFiles): ClientTls => {
    const known = certificates.get(files) ?? readCertificate(files);
    certificates.set(files, known);
    return known;
  };

  return (next) => async (exchange) => {
    const { signal } = exchange;
    const preparing = prepare(options, exchange);
    const prepared = preparing instanceof Promise ? await inTime(signal, preparing) : preparing;
    if (prepared.kind === 'without') return sendWithout(next, exchange, prepared.error);
    const { selection } = prepared;
    const authorized = (plan: RequestPlan): AuthorizedExchange => ({
      call: exchange.call,
      plan,
      signal,
      ...(selection.key === undefined ? {} : { credentialKey: selection.key }),
      ...(selection.certificate ? { tls: tlsOf(selection.certificate) } : {}),
    });
    const response = await next(authorized(prepared.plan));
    if (response.status !== 401 || !(await inTime(signal, selection.renew()))) return response;
    return next(authorized(await inTime(signal, Promise.resolve(authorize(selection, exchange.plan)))));
  };
}

type Prepared =
  | { readonly kind: 'with'; readonly selection: Selection; readonly plan: RequestPlan }
  | { readonly kind: 'without'; readonly error: () => CredentialMissing };

/** At once when nothing has to be read for it, as is the rule. */
function prepare(options: AuthorizerOptions, exchange: Exchange): Prepared | Promise<Prepared> {
  const choice = options.auth.choose(requestOf(exchange.call.tool, exchange.call.context.principal));
  if (choice instanceof Promise) return choice.then((made) => prepareChosen(options, exchange, made));
  return prepareChosen(options, exchange, choice);
}

function prepareChosen(
  { missing = 'refuse' }: AuthorizerOptions,
  exchange: Exchange,
  choice: Choice,
): Prepared | Promise<Prepared> {
  if (choice.kind === 'selected') {
    const { selection } = choice;
    const plan = authorize(selection, exchange.plan);
    const withPlan = (authorized: RequestPlan): Prepared => ({ kind: 'with', selection, plan: authorized });
    return plan instanceof Promise ? plan.then(withPlan) : withPlan(plan);
  }
  if (missing === 'try' && isSafeMethod(exchange.plan.method)) return { kind: 'without', error: choice.error };
  throw choice.error();
}

async function sendWithout(
  next: Handler<Exchange, RawResponse>,
  exchange: Exchange,
  missing: () => CredentialMissing,
): Promise<RawResponse> {
  const response = await next(exchange);
  if (response.status === 401 || response.status === 403) throw missing();
  return response;
}

function authorize(selection: Selection, plan: RequestPlan): RequestPlan | Promise<RequestPlan> {
  selection.checkOrigin(originOf(plan.url));
  const attachments = selection.attachments();
  return attachments instanceof Promise ? attachments.then((all) => attach(plan, all)) : attach(plan, attachments);
}

/** A token is fetched for all who wait for it: a call that ends meanwhile leaves, and stops nothing. */
function inTime<T>(signal: Signal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(endedWhileWaiting(signal.reason));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(
      (value) => {
        signal.removeEventListener('abort', leave);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', leave);
        reject(error);
      },
    );
  });
}

function requestOf(tool: Tool, principal: string | undefined) {
  return { api: tool.api, security: tool.request.security, principal };
}

/** Whose credential an exchange will go out with, for a cache in front of `authorize`; '' when nobody's. */
export function createIdentityOf(auth: Auth): (exchange: Exchange) => Promise<string> {
  return async ({ call }) => {
    const choice = await auth.choose(requestOf(call.tool, call.context.principal));
    return choice.kind === 'selected' ? (choice.selection.key ?? '') : '';
  };
}

/** What a dry run shows: the request with its credentials masked, or why there is none. Nothing is fetched. */
export interface AuthDescription {
  readonly plan: RequestPlan;
  readonly certificate?: string;
  readonly problem?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** The request of a dry run as it would be sent, every credential shown as `***`. */
export async function describeAuth(
  auth: Auth,
  tool: Tool,
  plan: RequestPlan,
  principal?: string,
): Promise<AuthDescription> {
  try {
    const selection = await auth.select(requestOf(tool, principal));
    selection.checkOrigin(originOf(plan.url));
    return {
      plan: attach(plan, selection.shown),
      ...(selection.certificate ? { certificate: selection.certificate.cert } : {}),
    };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const { code, message, hint } = error;
    return { plan, problem: { code, message, hint } };
  }
}
