import { own } from '../spec/references.ts';
import { asObject, asString, at, type Reading } from './reading.ts';
import type { OAuthFlow, OAuthFlows } from './security-schemes.ts';

type Flow = keyof OAuthFlows;

/** Which URLs a flow cannot do without (OAS 3.2 §4.29). */
const NEEDED: { readonly [flow in Flow]: readonly string[] } = {
  authorizationCode: ['authorizationUrl', 'tokenUrl'],
  clientCredentials: ['tokenUrl'],
  deviceAuthorization: ['deviceAuthorizationUrl', 'tokenUrl'],
  implicit: ['authorizationUrl'],
  password: ['tokenUrl'],
};

/** The flows of an OAuth 2 scheme; one without its URLs, or of an unknown name, is reported and left out. */
export function readOAuthFlows(reading: Reading, written: unknown, pointer: string): OAuthFlows {
  const flows: Partial<Record<Flow, object>> = {};
  for (const [name, value] of Object.entries(asObject(written) ?? {})) {
    if (name.startsWith('x-')) continue;
    const place = at(pointer, name);
    if (!Object.hasOwn(NEEDED, name)) {
      reading.report('warning', 'oauth-flow-unknown', place, `The OAuth flow "${name}" is not known; it is ignored`);
      continue;
    }
    const flow = readFlow(name as Flow, value);
    if (typeof flow === 'object') flows[name as Flow] = flow;
    else
      reading.report(
        'warning',
        'oauth-flow-invalid',
        place,
        `The OAuth flow "${name}" has no usable ${flow}; it is ignored`,
        'Give the URL in the config, under "auth".',
      );
  }
  return flows as OAuthFlows;
}

/** The flow, or the name of the URL it lacks. */
function readFlow(name: Flow, written: unknown): OAuthFlow | string {
  const urls: [string, string][] = [];
  for (const key of NEEDED[name]) {
    const url = urlOf(own(written, key));
    if (url === undefined) return key;
    urls.push([key, url]);
  }
  const refreshUrl = urlOf(own(written, 'refreshUrl'));
  const scopes = Object.entries(asObject(own(written, 'scopes')) ?? {}).map(
    ([scope, description]) => [scope, asString(description) ?? ''] as const,
  );
  return {
    ...Object.fromEntries(urls),
    scopes: Object.fromEntries(scopes),
    ...(refreshUrl === undefined ? {} : { refreshUrl }),
  };
}

function urlOf(written: unknown): string | undefined {
  const url = asString(written)?.trim();
  return url !== undefined && url !== '' && URL.canParse(url, 'https://relative.invalid/') ? url : undefined;
}
