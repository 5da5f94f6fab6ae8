import { own } from '../../spec/references.ts';
import type { Say } from './finding.ts';

/** Whose OAuth endpoints may stand on a domain of their own. */
const SIGN_IN_ELSEWHERE =
  /(?:^|\.)(?:google\.com|googleapis\.com|microsoft\.com|microsoftonline\.com|adobe\.com|adobelogin\.com)$/;

/** An action has one way of authorization, chosen in the editor; the document only hints at it. */
export function checkSecurity(document: unknown, say: Say): void {
  const components = own(document, 'components');
  const host = hostOf(own(own(own(document, 'servers'), '0'), 'url'));
  const schemes = Object.entries((own(components, 'securitySchemes') as object | undefined | null) ?? {});
  if (schemes.length > 1)
    say('gpt-security', ['components', 'securitySchemes'], 'Found multiple security schemes, only 1 is supported');
  for (const [name, scheme] of schemes) {
    checkEndpoints(name, scheme, { host, say });
    const unfit = unfitness(scheme);
    if (unfit !== undefined)
      say('gpt-security-kind', ['components', 'securitySchemes', name], `The editor has no field for ${unfit}`);
  }
}

/** OAuth endpoints must be on the API's domain, or below it. */
function checkEndpoints(name: string, scheme: unknown, { host, say }: { host: string | undefined; say: Say }): void {
  const flow = own(own(scheme, 'flows'), 'authorizationCode');
  for (const field of ['authorizationUrl', 'tokenUrl']) {
    const endpoint = hostOf(own(flow, field));
    if (endpoint === undefined || host === undefined || SIGN_IN_ELSEWHERE.test(endpoint)) continue;
    if (domainOf(endpoint) === domainOf(host)) continue;
    const keys = ['components', 'securitySchemes', name, 'flows', 'authorizationCode', field];
    say('gpt-oauth-domain', keys, `The OAuth endpoint is on ${endpoint}, and the API on ${host}`);
  }
}

function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** The last two labels: more than that is no difference here, where a note is all that comes of it. */
function domainOf(host: string): string {
  return host.split('.').slice(-2).join('.');
}

/** What the editor cannot be told; undefined for what it can. */
function unfitness(scheme: unknown): string | undefined {
  const type = own(scheme, 'type');
  switch (type) {
    case 'http':
      return /^(?:basic|bearer)$/i.test(String(own(scheme, 'scheme')))
        ? undefined
        : `the HTTP scheme ${String(own(scheme, 'scheme'))}`;
    case 'apiKey':
      return own(scheme, 'in') === 'header' ? undefined : `an API key in the ${String(own(scheme, 'in'))}`;
    case 'oauth2':
      return own(own(scheme, 'flows'), 'authorizationCode') ? undefined : 'OAuth without the authorization code flow';
    default:
      return `the type ${String(type)}`;
  }
}
