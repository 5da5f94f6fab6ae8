import * as z from 'zod/v4';
import { BridgeError, unreachable } from '../errors.ts';
import { registerSecret } from '../secrets.ts';
import { type Environment, expandVariables } from './expand.ts';
import type { AuthEntry, CredentialConfig, OAuthConfig, PlacementOverride } from './types.ts';

const url = z.url({ protocol: /^https?$/ });

/**
 * What a GPT Action's editor or a plugin manifest holds under `auth`, by its own names. Beware of them: `client_url` is where a
 * person signs in, and `authorization_url` the token endpoint, unless `token_url` stands beside it.
 */
export const gptRecordShape = {
  type: z.enum(['none', 'service_http', 'user_http', 'oauth']).optional().describe('A GPT Action record.'),
  authorization_type: z.enum(['basic', 'bearer', 'custom']).optional(),
  custom_auth_header: z.string().min(1).optional(),
  api_key: z.string().min(1).optional(),
  client_url: url.optional().describe('Where a person signs in.'),
  authorization_url: url.optional().describe('The token endpoint (sic), unless token_url is there.'),
  token_url: url.optional(),
  authorization_content_type: z.enum(['application/json', 'application/x-www-form-urlencoded']).optional(),
  scope: z.string().optional(),
  token_exchange_method: z.enum(['default_post', 'basic_auth_header']).optional(),
  pkce_required: z.boolean().optional(),
  oauth_client_id: z.string().min(1).optional(),
  oauth_client_secret: z.string().min(1).optional(),
  verification_tokens: z.record(z.string(), z.string()).optional(),
};

const gptRecord = z.looseObject({ ...gptRecordShape, type: gptRecordShape.type.unwrap() });
export type GptRecord = z.infer<typeof gptRecord>;

/** A manifest holds no secret that is ours to read. */
const OPERATOR_ONLY = new Set(['api_key', 'oauth_client_id', 'oauth_client_secret']);

/**
 * The `auth` of an `ai-plugin.json` as our config of `default`: what the manifest leaves to the editor (keys, client id and
 * secret) is read from the documented variables, and its URLs are trusted no more than a document's. Placeholders where URLs
 * belong are left out. Throws CONFIG_INVALID naming the field.
 */
export function readManifestAuth(written: unknown, place: string): AuthEntry {
  const cleaned = Object.fromEntries(
    Object.entries(typeof written === 'object' && written !== null ? written : {})
      .filter(([key]) => !OPERATOR_ONLY.has(key))
      .filter(([key, value]) => !key.endsWith('_url') || (typeof value === 'string' && URL.canParse(value))),
  );
  const parsed = gptRecord.safeParse(cleaned);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new BridgeError('CONFIG_INVALID', `${place}.${issue.path.join('.')}: ${issue.message}`);
  }
  const entry = convertGptRecord(parsed.data, place, {});
  if (entry.credential.kind !== 'oauth') return entry;
  return { ...entry, credential: { kind: 'oauth', oauth: { ...entry.credential.oauth, trusted: false } } };
}

/** A record as our config; `${NAME}` in its secrets is filled in. Throws CONFIG_INVALID naming the field. */
export function convertGptRecord(record: GptRecord, place: string, environment: Environment): AuthEntry {
  const secret = (key: 'api_key' | 'oauth_client_secret' | 'oauth_client_id') =>
    record[key] === undefined ? undefined : expandVariables(record[key], `${place}.${key}`, environment);
  const entry = (credential: CredentialConfig, placement: PlacementOverride, perUser: boolean): AuthEntry => ({
    credential,
    placement,
    headers: [],
    query: [],
    perUser,
  });
  switch (record.type) {
    case 'none':
      return entry({ kind: 'none' }, {}, false);
    case 'service_http':
    case 'user_http': {
      const value = secret('api_key');
      if (value !== undefined) registerSecret(value);
      return entry(keyOf(record, value), placementOf(record, place), record.type === 'user_http');
    }
    case 'oauth': {
      const clientSecret = secret('oauth_client_secret');
      if (clientSecret !== undefined) registerSecret(clientSecret);
      const oauth = oauthOf(record, { clientId: secret('oauth_client_id'), clientSecret });
      return entry({ kind: 'oauth', oauth }, bearer, true);
    }
    default:
      return unreachable(record.type);
  }
}

const bearer: PlacementOverride = { in: 'header', name: 'Authorization', prefix: 'Bearer' };

function keyOf(record: GptRecord, value: string | undefined): CredentialConfig {
  if (value === undefined) return { kind: 'documented' };
  return record.authorization_type === 'basic'
    ? { kind: 'pair', source: { from: 'value', value }, bare: 'as-is' }
    : { kind: 'token', source: { from: 'value', value } };
}

function placementOf(record: GptRecord, place: string): PlacementOverride {
  switch (record.authorization_type ?? 'bearer') {
    case 'bearer':
      return bearer;
    case 'basic':
      return { basic: 'as-is' };
    case 'custom':
      if (record.custom_auth_header === undefined)
        throw new BridgeError(
          'CONFIG_INVALID',
          `${place}.custom_auth_header is not there, and authorization_type is custom`,
        );
      return { in: 'header', name: record.custom_auth_header, prefix: '' };
  }
}

function oauthOf(
  record: GptRecord,
  client: { clientId: string | undefined; clientSecret: string | undefined },
): OAuthConfig {
  const literal = record.token_url !== undefined;
  const tokenUrl = literal ? record.token_url : record.authorization_url;
  const authorizationUrl = record.client_url ?? (literal ? record.authorization_url : undefined);
  const scopes = record.scope?.split(/[\s,]+/).filter((scope) => scope !== '');
  return {
    trusted: true,
    grant: 'authorization_code',
    ...(client.clientId === undefined ? {} : { clientId: client.clientId }),
    ...(client.clientSecret === undefined ? {} : { clientSecret: client.clientSecret }),
    ...(authorizationUrl === undefined ? {} : { authorizationUrl }),
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
    ...(scopes && scopes.length > 0 ? { scopes } : {}),
    ...(record.token_exchange_method === undefined
      ? {}
      : {
          clientAuthentication:
            record.token_exchange_method === 'default_post' ? 'client_secret_post' : 'client_secret_basic',
        }),
    tokenRequest: record.authorization_content_type === 'application/json' ? 'json' : 'form',
    parameters: {},
  };
}
