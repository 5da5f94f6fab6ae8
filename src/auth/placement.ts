import type { SecurityScheme } from '../operation/security-schemes.ts';
import type { AuthEntry, CredentialConfig, Placement, PlacementOverride } from './types.ts';

const BEARER: Placement = { kind: 'header', name: 'Authorization', prefix: 'Bearer' };

/** Where a scheme's credential stands; undefined when the document gives it no place in the request. */
function declaredPlacement(scheme: SecurityScheme | undefined): Placement | undefined {
  switch (scheme?.kind) {
    case 'apiKey':
      return { kind: scheme.in, name: scheme.name };
    case 'basic':
      return { kind: 'basic', bare: 'user' };
    case 'bearer':
    case 'oauth2':
    case 'openIdConnect':
      return BEARER;
    case 'http':
      return { kind: 'header', name: 'Authorization', prefix: scheme.scheme };
    case 'mutualTLS':
    case 'unsupported':
    case undefined:
      return undefined;
  }
}

/** Where the credential stands by the operator's word, else by the document's; undefined when neither tells. */
export function placementOf(scheme: SecurityScheme | undefined, entry: AuthEntry | undefined): Placement | undefined {
  const declared = declaredPlacement(scheme);
  if (!entry) return declared;
  return overridden(byKind(entry.credential, declared), entry.placement);
}

/** A user name and password are sent as such, and a token or key is not, whatever the document says. */
function byKind(credential: CredentialConfig, declared: Placement | undefined): Placement | undefined {
  switch (credential.kind) {
    case 'basic':
      return { kind: 'basic', bare: 'user' };
    case 'pair':
      return { kind: 'basic', bare: credential.bare };
    case 'oauth':
      return declared === undefined || declared.kind === 'basic' ? BEARER : declared;
    case 'token':
      // A variable or a program may hold `user:password` as well as a token; a literal `token:` says what it is.
      if (credential.source.from !== 'value') return declared ?? BEARER;
      return declared === undefined || declared.kind === 'basic' ? BEARER : declared;
    case 'apiKey':
      return declared?.kind === 'basic' ? undefined : declared;
    case 'documented':
      return declared;
    case 'none':
    case 'extras':
    case 'certificate':
      return undefined;
  }
}

function overridden(base: Placement | undefined, override: PlacementOverride): Placement | undefined {
  if (override.basic !== undefined) return { kind: 'basic', bare: override.basic };
  const { in: place, name, prefix } = override;
  if (place === undefined && name === undefined && prefix === undefined) return base;
  const named = base && base.kind !== 'basic' ? base : undefined;
  const kind = place ?? (name === undefined ? (named?.kind ?? 'header') : 'header');
  if (kind !== 'header') {
    const known = name ?? (named?.kind === kind ? named.name : undefined);
    return known === undefined ? undefined : { kind, name: known };
  }
  const inherited = named?.kind === 'header' ? named : undefined;
  const header = name ?? inherited?.name ?? 'Authorization';
  if (prefix !== undefined) return { kind, name: header, ...(prefix === '' ? {} : { prefix }) };
  const own = header.toLowerCase() === 'authorization' && name === undefined ? 'Bearer' : undefined;
  const kept = name === undefined ? (inherited?.prefix ?? own) : undefined;
  return { kind, name: header, ...(kept === undefined ? {} : { prefix: kept }) };
}

/** In words, for messages: `header X-API-Key`. */
export function describePlacement(placement: Placement): string {
  switch (placement.kind) {
    case 'header':
      return `header ${placement.name}`;
    case 'query':
      return `query parameter ${placement.name}`;
    case 'cookie':
      return `cookie ${placement.name}`;
    case 'basic':
      return 'header Authorization';
  }
}
