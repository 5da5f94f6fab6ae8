import type { Ended } from './loop.ts';
import { failedBy } from './openai-error.ts';
import type { Session } from './session.ts';
import { UpstreamRefused } from './upstream-error.ts';

/** What of the provider's headers is of use to a client. Cookies, lengths and codings are not. */
const PASSED =
  /^(?:x-request-id|request-id|apim-request-id|retry-after|retry-after-ms|x-should-retry|openai-[a-z-]+|x-ratelimit-[a-z-]+|azureml-model-session|x-ms-region|cf-ray)$/;

export function passedHeaders(headers: { readonly [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED.test(name)));
}

/** What is known of an answer before its body, so that a stream has it too. */
export function beginHeaders(
  session: Pick<Session, 'headers' | 'dropped'>,
  requestId: string,
): { [name: string]: string } {
  const dropped = session.dropped().map(headerText).join(', ');
  return {
    'x-request-id': requestId,
    ...passedHeaders(session.headers()),
    ...(dropped === '' ? {} : { 'x-actionbridge-dropped': dropped }),
  };
}

/** What the loop did, for whoever looks at headers: known at its end, when those of a stream are out. */
export function endHeaders({ end }: Ended): { [name: string]: string } {
  const calls = end.rounds.flatMap((round) => round.calls).filter(({ answer }) => answer);
  const errors = calls.flatMap(({ call, answer }) =>
    answer?.error ? [`${headerText(call.name)}=${headerText(String(answer.error.code))}`] : [],
  );
  return {
    'x-actionbridge-rounds': String(end.rounds.length),
    'x-actionbridge-calls': String(calls.length),
    ...(errors.length > 0 ? { 'x-actionbridge-tool-errors': errors.slice(0, 20).join(', ') } : {}),
    ...(end.stopped ? { 'x-actionbridge-stopped': end.stopped.reason } : {}),
  };
}

function headerText(text: string): string {
  return text.replace(/[^A-Za-z0-9_.:-]/g, '_').slice(0, 64);
}

/**
 * A failure as OpenAI tells it: the provider's verbatim, ours in the same form. OpenAI's SDKs send a request again that failed with 408,
 * 409, 429 or 5xx, unless `x-should-retry` is `false`: so it is where the request's calls have `written`, which the same request would do
 * once more, whatever the provider thinks of a retry. A stream cannot be told so, its headers being out before the first call; the SDKs
 * never make a request again whose stream has begun.
 */
export function errorResponse(
  error: unknown,
  { requestId, written }: { readonly requestId: string; readonly written: boolean },
): Response {
  const once = written ? { 'x-should-retry': 'false' } : {};
  if (error instanceof UpstreamRefused)
    return Response.json(error.body, {
      status: error.status,
      headers: { 'x-request-id': requestId, ...passedHeaders(error.headers), ...once },
    });
  const { status, error: body, headers } = failedBy(error);
  return Response.json({ error: body }, { status, headers: { 'x-request-id': requestId, ...headers, ...once } });
}
