import * as z from 'zod/v4';
import { gptRecordShape } from './gpt-record.ts';

const secret = z.string().min(1);
const url = z.url({ protocol: /^https?$/ });
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);

const oauthSchema = z
  .strictObject({
    grant: z.enum(['authorization_code', 'client_credentials', 'device_code']).optional(),
    clientId: secret.optional(),
    clientSecret: secret.optional().describe('May hold ${NAME}.'),
    issuer: url.optional().describe('Where /.well-known/openid-configuration is found.'),
    authorizationUrl: url.optional(),
    tokenUrl: url.optional(),
    deviceAuthorizationUrl: url.optional(),
    scopes: z.array(z.string()).optional().describe('In place of what the operations ask for.'),
    clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post', 'none']).optional(),
    tokenRequest: z.enum(['form', 'json']).optional(),
    parameters: z.record(z.string(), z.string()).optional().describe('Further parameters, e.g. audience.'),
    redirectPort: z.int().min(1).max(65535).optional().describe('Port of the callback on 127.0.0.1; default any.'),
    exchange: z
      .strictObject({
        audience: z.string().optional(),
        resource: z.string().optional(),
        subjectTokenType: z.string().optional(),
      })
      .optional()
      .describe("RFC 8693: exchange the caller's own token for one of the API."),
  })
  .describe('An OAuth client; what is absent is taken from the document.');

const certificateSchema = z
  .strictObject({ cert: z.string(), key: z.string(), ca: z.string().optional(), passphrase: secret.optional() })
  .describe('Client certificate for mutual TLS: paths of PEM files.');

const entryShape = {
  token: secret.optional().describe('A bearer or access token. May hold ${NAME}.'),
  apiKey: secret.optional().describe('Sent as the document says, or by `in` and `name`. May hold ${NAME}.'),
  basic: secret.optional().describe('user:password. May hold ${NAME}.'),
  username: z.string().optional(),
  password: z.string().optional().describe('May hold ${NAME}.'),
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .optional()
    .describe('Name of the environment variable that holds it.'),
  command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('A program and its arguments (no shell); it prints the secret.'),
  oauth: oauthSchema.optional(),
  certificate: certificateSchema.optional(),
  none: z.literal(true).optional().describe('Send nothing for this scheme.'),
  in: z.enum(['header', 'query', 'cookie']).optional(),
  name: z.string().min(1).optional().describe('Name of the header, query parameter or cookie.'),
  prefix: z.string().optional().describe('Word before the token: Bearer, Token; empty for none.'),
  headers: z.record(headerName, z.string()).optional().describe('Sent with it. May hold ${NAME}.'),
  query: z.record(z.string(), z.string()).optional().describe('Sent with it. May hold ${NAME}.'),
  origins: z.array(url).optional().describe("The only origins it may go to; default: the API's."),
  perUser: z.boolean().optional().describe('Each caller logs in for itself.'),
};

/** Ways to give the secret; more than one in an entry is a contradiction. */
const SOURCES = [
  'token',
  'apiKey',
  'basic',
  'password',
  'env',
  'command',
  'oauth',
  'certificate',
  'none',
  'type',
] as const;

const entrySchema = z.strictObject({ ...entryShape, ...gptRecordShape }).superRefine((entry, context) => {
  const given = SOURCES.filter((key) => entry[key] !== undefined);
  const complain = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  if (given.length > 1) complain(given[1]!, `Give one of ${given.join(' and ')}, not both`);
  if ((entry.username === undefined) !== (entry.password === undefined))
    complain(entry.username === undefined ? 'username' : 'password', 'username and password belong together');
  if (entry.username?.includes(':')) complain('username', 'A user name cannot hold a colon (RFC 7617)');
  if ((entry.in === 'query' || entry.in === 'cookie') && entry.name === undefined)
    complain('name', `"in: ${entry.in}" needs a name`);
  if (entry.in !== 'query' && entry.name !== undefined && !headerName.safeParse(entry.name).success)
    complain('name', 'This is no name of a header or cookie');
  if (entry.type === undefined)
    for (const key of Object.keys(gptRecordShape))
      if (key !== 'type' && entry[key as keyof typeof gptRecordShape] !== undefined)
        complain(key, 'This belongs to a GPT Action record: say its type');
});

/** `auth:` of an API: by the document's scheme name, or `default`. */
export const authSchema = z
  .record(z.string(), entrySchema)
  .describe("Credentials by the document's scheme name, or `default` for whatever is not named.");

export type AuthInput = z.infer<typeof authSchema>;
export type AuthEntryInput = z.infer<typeof entrySchema>;
