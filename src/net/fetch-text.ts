import { BridgeError } from '../errors.ts';
import type { HttpClient } from './client.ts';
import { NetError } from './errors.ts';

const MAX_HOPS = 3;

/** A document's text by URL: redirects within the origin only, bytes and time limited. Throws SPEC_FETCH. */
export async function fetchText(
  client: HttpClient,
  url: string,
  limits: { maxBytes: number; timeoutMs: number },
): Promise<{ text: string; url: string }> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let current = url;
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const answer = await client
      .send({
        method: 'GET',
        url: current,
        headers: [
          ['accept', 'application/json, application/yaml, */*;q=0.5'],
          ['user-agent', 'actionbridge'],
        ],
        signal,
        maxBytes: limits.maxBytes,
      })
      .catch((error: unknown) => {
        if (!(error instanceof NetError)) throw error;
        const hint =
          error.kind === 'address' ? { hint: 'If this address is meant, name it: --allow-host HOST:PORT.' } : {};
        throw new BridgeError(
          'SPEC_FETCH',
          `${url}: ${signal.aborted ? `no answer within ${limits.timeoutMs / 1000} s` : error.message}`,
          { cause: error, ...hint },
        );
      });
    if (answer.status >= 200 && answer.status < 300)
      return { text: new TextDecoder().decode(answer.body), url: current };
    const location = answer.headers['location'];
    if (answer.status < 300 || answer.status >= 400 || typeof location !== 'string')
      throw new BridgeError('SPEC_FETCH', `${url}: HTTP ${answer.status} ${answer.statusText}`.trim());
    const next = new URL(location, current);
    if (next.origin !== new URL(current).origin)
      throw new BridgeError('SPEC_FETCH', `${url} redirects to another origin, ${next.origin}`, {
        hint: `If that is meant, give that URL: ${next.href}`,
      });
    current = next.href;
  }
  throw new BridgeError('SPEC_FETCH', `${url}: more than ${MAX_HOPS} redirects`);
}
