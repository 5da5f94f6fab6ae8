import * as z from 'zod/v4';
import { BridgeError } from '../errors.ts';
import { DEFAULT_PROXY_LIMITS, type ProxyConfig, type ProxyUpstream } from './proxy-types.ts';

const globs = (what: string) => z.array(z.string().min(1)).min(1).optional().describe(what);
const dialect = z
  .enum(['auto', 'chat', 'responses'])
  .optional()
  .describe('How the model is talked to; auto (default): by the model, and by what the provider refuses.');
const count = (most: number, what: string) => z.int().min(1).max(most).optional().describe(what);

/** The keys of `proxy:`. */
export const proxySchema = z.strictObject({
  upstream: z.strictObject({
    baseUrl: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/)
      .describe(
        'Of the model provider, with /v1 where it has that; {model} where the name of the model belongs into it.',
      ),
    apiKey: z.string().min(1).optional().describe('May hold ${NAME} from the environment.'),
    keyHeader: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
      .optional()
      .describe('The header of the key, such as api-key; default Authorization, as a bearer token.'),
    headers: z.record(z.string(), z.string()).optional().describe('On every request; values may hold ${NAME}.'),
    query: z.record(z.string(), z.string()).optional().describe('On every request, such as api-version.'),
    dialect,
    toolSchemas: z
      .enum(['auto', 'plain', 'openai', 'gemini', 'anthropic'])
      .optional()
      .describe(
        "Whose words tools are described in: openai is strict where that loses no call, plain is a tool's own schema; auto (default): by the host.",
      ),
    retries: z.int().min(0).max(10).optional().describe('After the first try; default 2.'),
    timeout: z
      .number()
      .positive()
      .max(3600)
      .optional()
      .describe('Seconds until the first byte, and between two; default 600.'),
  }),
  passThroughKey: z
    .boolean()
    .optional()
    .describe('Clients bring their own key in x-upstream-api-key (with --no-auth also as their bearer token).'),
  models: globs('Globs over the models that may be asked for; default: every one.'),
  tools: globs('Globs over the tools that are offered; default: every one.'),
  perModel: z
    .record(z.string(), z.strictObject({ dialect, tools: globs('Globs over the tools that are offered to it.') }))
    .optional()
    .describe('By globs over model names; the first that matches counts.'),
  maxTools: count(10_000, "Functions of one request, the client's among them; default 128."),
  limits: z
    .strictObject({
      rounds: count(100, 'Turns in which tools are run; default 8.'),
      calls: count(1_000, 'Calls in all; default 64.'),
      parallel: count(100, 'Calls at a time; default 8.'),
      resultBytes: count(2 ** 26, 'Characters of results in all; default 1 MiB.'),
      seconds: z.number().positive().max(3600).optional().describe('For calls; default 120.'),
      repeats: count(100, 'The same call with the same result; default 3.'),
    })
    .optional()
    .describe('Of one request.'),
  requestsPerMinute: count(1_000_000, 'To the provider, of this process.'),
  tokensPerMinute: count(1_000_000_000, 'To and from the provider, of this process.'),
  maxWait: z.number().min(0).max(600).optional().describe('Seconds a request may wait for its turn; default 20.'),
});

type ProxyInput = z.infer<typeof proxySchema>;

/** Seconds, as everywhere in the file. */
const DEFAULT_TIMEOUT = 600;
const DEFAULT_MAX_WAIT = 20;

/** `secret` reads a field that may hold `${NAME}`, given its key below `proxy`. */
export function toProxyConfig(input: ProxyInput, secret: (value: string, key: string) => string): ProxyConfig {
  const { models, tools, requestsPerMinute, tokensPerMinute } = input;
  return {
    upstream: toUpstream(input.upstream, secret),
    passThroughKey: input.passThroughKey ?? false,
    ...(models ? { models } : {}),
    ...(tools ? { tools } : {}),
    perModel: Object.entries(input.perModel ?? {}).map(([model, rule]) => [model, defined(rule)] as const),
    maxTools: input.maxTools ?? 128,
    limits: { ...DEFAULT_PROXY_LIMITS, ...defined(input.limits ?? {}) },
    rate: { ...defined({ requestsPerMinute, tokensPerMinute }), maxWaitSeconds: input.maxWait ?? DEFAULT_MAX_WAIT },
  };
}

function toUpstream(input: ProxyInput['upstream'], secret: (value: string, key: string) => string): ProxyUpstream {
  return {
    baseUrl: input.baseUrl,
    ...(input.apiKey === undefined ? {} : { apiKey: secret(input.apiKey, 'upstream.apiKey') }),
    keyHeader: input.keyHeader ?? 'authorization',
    headers: Object.entries(input.headers ?? {}).map(
      ([name, value]) => [name, secret(value, `upstream.headers.${name}`)] as const,
    ),
    query: input.query ?? {},
    dialect: input.dialect ?? 'auto',
    toolSchemas: input.toolSchemas ?? 'auto',
    retries: input.retries ?? 2,
    timeoutMs: (input.timeout ?? DEFAULT_TIMEOUT) * 1000,
  };
}

type Environment = { readonly [name: string]: string | undefined };

/**
 * The proxy that `--upstream URL` asks for, over what the file says. The key comes from ACTIONBRIDGE_UPSTREAM_KEY, for OpenAI also
 * from OPENAI_API_KEY. Throws USAGE for what is no URL.
 */
export function mergeUpstream(
  url: string | undefined,
  file: ProxyConfig | undefined,
  environment: Environment,
): ProxyConfig | undefined {
  if (url === undefined) return file;
  const parsed = proxySchema.shape.upstream.shape.baseUrl.safeParse(url);
  if (!parsed.success || !URL.canParse(url.replaceAll('{model}', 'model')))
    throw new BridgeError('USAGE', `--upstream ${JSON.stringify(url)} is not an http(s) URL`, {
      hint: 'Such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1.',
    });
  const isOpenAi = new URL(url.replaceAll('{model}', 'model')).hostname.endsWith('openai.com');
  const apiKey = environment['ACTIONBRIDGE_UPSTREAM_KEY'] ?? (isOpenAi ? environment['OPENAI_API_KEY'] : undefined);
  const base = file ?? toProxyConfig({ upstream: { baseUrl: url } }, (value) => value);
  // A key of the file is for the provider that the file names.
  const { apiKey: _, ...upstream } = base.upstream;
  return { ...base, upstream: { ...upstream, baseUrl: url, ...(apiKey ? { apiKey } : {}) } };
}

function defined<Value extends object>(value: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>;
  };
}
