import type { Diagnostic } from '../diagnostic.ts';
import { own } from '../spec/references.ts';
import type { JsonObject, LoadedSpec } from '../spec/types.ts';
import { readOAuthFlows } from './oauth-flows.ts';
import { asObject, asString, at, type Reading } from './reading.ts';
import { declaredBase, declaredServers, namedInRequirements } from './security-use.ts';
import type { Server } from './types.ts';

/** How an API wants a caller to prove who it is (OAS 3.2 §4.27), as plain data. */
export type SecurityScheme = { readonly description?: string } & (
  | { readonly kind: 'apiKey'; readonly in: 'header' | 'query' | 'cookie'; readonly name: string }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly format?: string }
  /** Any other scheme of RFC 9110 §11.1 that is a word before a token, as it is written in the document. */
  | { readonly kind: 'http'; readonly scheme: string }
  | { readonly kind: 'oauth2'; readonly flows: OAuthFlows; readonly metadataUrl?: string }
  | { readonly kind: 'openIdConnect'; readonly discoveryUrl: string }
  | { readonly kind: 'mutualTLS' }
  | { readonly kind: 'unsupported'; readonly type: string; readonly reason: string }
);

/** Flow → where it happens. URLs are as written: absolute, or relative to `SecurityDeclarations.base` (OAS 3.1 §4.6). */
export interface OAuthFlows {
  readonly authorizationCode?: OAuthFlow & { readonly authorizationUrl: string; readonly tokenUrl: string };
  readonly clientCredentials?: OAuthFlow & { readonly tokenUrl: string };
  readonly deviceAuthorization?: OAuthFlow & { readonly deviceAuthorizationUrl: string; readonly tokenUrl: string };
  readonly implicit?: OAuthFlow & { readonly authorizationUrl: string };
  readonly password?: OAuthFlow & { readonly tokenUrl: string };
}

export interface OAuthFlow {
  readonly scopes: { readonly [scope: string]: string };
  readonly refreshUrl?: string;
}

/** What a document says about credentials. Plain data: it can be kept beside the tools. */
export interface SecurityDeclarations {
  readonly schemes: { readonly [name: string]: SecurityScheme };
  /** `security` stands somewhere, if only as `[]`: where it does not ask for anything, nothing is wanted. */
  readonly declared: boolean;
  /** What relative OAuth URLs are relative to: the document's first server, else its own URL. */
  readonly base?: string;
  /** Every server the document names, for any operation: where a credential may go when the operator names no other. */
  readonly servers: readonly Server[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Every security scheme of the document by name, those that a requirement names by URI reference (OAS 3.2 §4.30) included.
 * A scheme that cannot be used, or that a requirement names and nothing declares, is `unsupported` with a reason, and reported.
 */
export function readSecuritySchemes(spec: LoadedSpec): SecurityDeclarations {
  const diagnostics: Diagnostic[] = [];
  const reading: Reading = {
    spec,
    report: (severity, code, pointer, message, hint) =>
      diagnostics.push({
        severity,
        code,
        file: spec.source.name,
        pointer,
        message,
        ...(hint === undefined ? {} : { hint }),
      }),
  };
  const pointer = '/components/securitySchemes';
  const written = asObject(own(own(spec.document, 'components'), 'securitySchemes')) ?? {};
  const schemes = Object.entries(written).map(
    ([name, value]) => [name, readScheme(reading, name, value, at(pointer, name))] as const,
  );
  const { declared, named } = namedInRequirements(spec);
  const missing = [...named]
    .filter(([name]) => !Object.hasOwn(written, name))
    .map(([name, place]) => [name, readNamed(reading, name, place)] as const);
  if (!declared && schemes.length > 0) reportUnused(reading, Object.keys(written), pointer);
  const base = declaredBase(reading);
  return {
    schemes: Object.fromEntries([...schemes, ...missing]),
    declared,
    ...(base === undefined ? {} : { base }),
    servers: declaredServers(reading),
    diagnostics,
  };
}

function reportUnused(reading: Reading, names: readonly string[], pointer: string): void {
  reading.report(
    'info',
    'security-scheme-unused',
    pointer,
    `The document declares ${names.join(', ')}, and no operation asks for a credential: none is sent`,
    'If the API wants one, give it under "auth: { default: … }" in the config.',
  );
}

function readNamed(reading: Reading, name: string, pointer: string): SecurityScheme {
  const resolved = name.includes('#') ? reading.spec.references.resolve(name) : undefined;
  if (resolved) return readScheme(reading, name, resolved.node, resolved.pointer);
  reading.report(
    'warning',
    'security-scheme-missing',
    pointer,
    `The security scheme "${name}" is asked for and not declared`,
    `Say how its credential is sent: "auth: { ${name}: … }" in the config.`,
  );
  return { kind: 'unsupported', type: 'undeclared', reason: 'the document asks for it and does not declare it' };
}

function readScheme(reading: Reading, name: string, value: unknown, pointer: string): SecurityScheme {
  const ref = asString(own(value, '$ref'));
  const node = asObject(ref === undefined ? value : reading.spec.references.resolve(ref)?.node);
  const scheme = node ? readObject(reading, node, pointer) : broken('a security scheme is an object');
  if (scheme.kind === 'unsupported')
    reading.report(
      'warning',
      'security-scheme-unsupported',
      pointer,
      `The security scheme "${name}" cannot be used: ${scheme.reason}`,
      `If the API takes a credential in another way, say how: "auth: { ${name}: … }" in the config.`,
    );
  const description = asString(own(node, 'description'));
  return description === undefined ? scheme : { ...scheme, description };
}

function readObject(reading: Reading, node: JsonObject, pointer: string): SecurityScheme {
  const type = asString(own(node, 'type')) ?? '';
  switch (type.toLowerCase()) {
    case 'apikey':
      return readApiKey(node);
    case 'http':
      return readHttp(node);
    case 'oauth2': {
      const metadataUrl = asString(own(node, 'oauth2MetadataUrl'));
      const flows = readOAuthFlows(reading, own(node, 'flows'), at(pointer, 'flows'));
      return { kind: 'oauth2', flows, ...(metadataUrl === undefined ? {} : { metadataUrl }) };
    }
    case 'openidconnect': {
      const discoveryUrl = asString(own(node, 'openIdConnectUrl'));
      return discoveryUrl === undefined
        ? broken('openIdConnectUrl is not there')
        : { kind: 'openIdConnect', discoveryUrl };
    }
    case 'mutualtls':
      return { kind: 'mutualTLS' };
    case 'basic':
      return { kind: 'basic' };
    default:
      return { kind: 'unsupported', type, reason: `its type "${type}" is not known` };
  }
}

function readApiKey(node: JsonObject): SecurityScheme {
  const place = asString(own(node, 'in'));
  const name = asString(own(node, 'name'));
  if (name === undefined || name === '') return broken('an API key needs a name');
  if (place !== 'header' && place !== 'query' && place !== 'cookie')
    return broken(`an API key cannot be in "${String(place)}"`);
  if (place !== 'query' && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    return broken(`"${name}" is no name of a ${place}`);
  return { kind: 'apiKey', in: place, name };
}

/** Schemes whose answer is computed per request or negotiated: no stored credential can be put into them. */
const COMPUTED: { readonly [scheme: string]: string } = {
  digest: 'Digest answers a challenge with a hash of each request; use a token or basic, if the API takes one',
  hoba: 'HOBA signs a challenge',
  mutual: 'Mutual authentication is a dialogue of several requests',
  negotiate: 'Negotiate needs Kerberos or NTLM',
  ntlm: 'NTLM is a dialogue of several requests',
  'scram-sha-1': 'SCRAM is a dialogue of several requests',
  'scram-sha-256': 'SCRAM is a dialogue of several requests',
  vapid: 'vapid signs each request',
  dpop: 'DPoP signs each request',
  'aws4-hmac-sha256': 'AWS signature 4 signs each request',
};

function readHttp(node: JsonObject): SecurityScheme {
  const scheme = asString(own(node, 'scheme'))?.trim() ?? '';
  const word = scheme.toLowerCase();
  const format = asString(own(node, 'bearerFormat'));
  if (word === 'basic') return { kind: 'basic' };
  if (word === 'bearer') return { kind: 'bearer', ...(format === undefined ? {} : { format }) };
  if (Object.hasOwn(COMPUTED, word)) return { kind: 'unsupported', type: word, reason: COMPUTED[word]! };
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(scheme)) return broken(`"${scheme}" is no HTTP authentication scheme`);
  return { kind: 'http', scheme };
}

function broken(reason: string): SecurityScheme {
  return { kind: 'unsupported', type: 'invalid', reason };
}
