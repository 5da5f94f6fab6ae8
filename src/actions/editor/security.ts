import { own } from '../../spec/references.ts';
import type { Say } from './finding.ts';

/** An action has one way of authorization, chosen in the editor; the document only hints at it. */
export function checkSecurity(components: unknown, say: Say): void {
  const schemes = Object.entries((own(components, 'securitySchemes') as object | undefined | null) ?? {});
  if (schemes.length > 1)
    say('gpt-security', ['components', 'securitySchemes'], 'Found multiple security schemes, only 1 is supported');
  for (const [name, scheme] of schemes) {
    const unfit = unfitness(scheme);
    if (unfit !== undefined)
      say('gpt-security-kind', ['components', 'securitySchemes', name], `The editor has no field for ${unfit}`);
  }
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
