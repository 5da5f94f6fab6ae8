import { existsSync, readFileSync } from 'node:fs';
import type * as z from 'zod/v4';
import { readAuthConfig } from '../auth/config.ts';
import { type Environment, expandVariables } from '../auth/expand.ts';
import { BridgeError } from '../errors.ts';
import { registerSecret } from '../secrets.ts';
import { toChatGptConfig } from './chatgpt.ts';
import { toConfirmationRule } from './confirm.ts';
import { type ApiInput, configSchema, type McpServerInput } from './file-schema.ts';
import { EMPTY_CONFIG } from './flags.ts';
import { toHttpSettings } from './http-settings.ts';
import { refuseRecursion, serverName, targetOf } from './mcp-servers.ts';
import { type PolicyKeys, toPolicyOverrides } from './policy-schema.ts';
import { toProxyConfig } from './proxy-schema.ts';
import type { ApiConfig, BridgeConfig, McpServerConfig, ToolConfig } from './types.ts';

const DEFAULT_FILES = ['actionbridge.yaml', 'actionbridge.yml', 'actionbridge.json'];

/**
 * The config of `path`, or of the first default file in the working directory, or nothing. `${NAME}` in secret fields comes
 * from `environment`. Throws CONFIG_INVALID naming file and key; no message shows a value.
 */
export async function readConfigFile(
  path: string | undefined,
  environment: Environment,
): Promise<BridgeConfig | undefined> {
  const file = path ?? DEFAULT_FILES.find((name) => existsSync(name));
  if (file === undefined) return undefined;
  if (!existsSync(file))
    throw new BridgeError('CONFIG_INVALID', `${file}: no such file`, { hint: 'Check the path given with --config.' });
  const parsed = configSchema.safeParse(await parse(file));
  if (!parsed.success)
    throw new BridgeError(
      'CONFIG_INVALID',
      parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.') || 'the file'}: ${issue.message}`).join('\n'),
    );
  return toConfig(parsed.data, { file, environment });
}

async function parse(file: string): Promise<unknown> {
  const text = readFileSync(file, 'utf8');
  try {
    if (file.endsWith('.json')) return JSON.parse(text);
    const { load } = await import('js-yaml');
    return load(text) ?? {};
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `${file}: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
      hint: 'Correct the file at the place named above.',
    });
  }
}

interface Origin {
  readonly file: string;
  readonly environment: Environment;
}

function toConfig(data: z.infer<typeof configSchema>, origin: Origin): BridgeConfig {
  const { audit, redis } = data;
  return {
    ...EMPTY_CONFIG,
    environment: origin.environment,
    apis: Object.entries(data.apis ?? {}).map(([name, api]) => toApi(name, api, origin)),
    mcpServers: toServers(data.mcpServers ?? {}, origin),
    include: data.include ?? [],
    exclude: data.exclude ?? [],
    readOnly: data.readOnly ?? false,
    allowHosts: data.allowHosts ?? [],
    outputSchema: data.outputSchema ?? false,
    cacheTools: data.cacheTools ?? true,
    policy: overridesOf(data) ?? {},
    confirm: toConfirmationRule(data.confirm) ?? {},
    missingCredential: data.missingCredential ?? EMPTY_CONFIG.missingCredential,
    select: data.select ?? false,
    watch: data.watch ?? false,
    logLevel: data.logLevel ?? EMPTY_CONFIG.logLevel,
    propagateTrace: data.telemetry?.propagate ?? false,
    ...(data.ca === undefined ? {} : { ca: data.ca }),
    ...(data.chatgpt ? { chatgpt: toChatGptConfig(data.chatgpt) } : {}),
    ...(audit
      ? {
          audit: {
            path: audit.file,
            payloads: audit.payloads ?? false,
            unauditedReads: audit.unauditedReads ?? false,
          },
        }
      : {}),
    ...(data.proxy ? { proxy: toProxyConfig(data.proxy, (value, key) => secret(value, `proxy.${key}`, origin)) } : {}),
    ...(data.http ? { http: toHttpSettings(data.http, (value, key) => secret(value, `http.${key}`, origin)) } : {}),
    ...(redis
      ? {
          redis: {
            url: secret(redis.url, 'redis.url', origin),
            ...(redis.prefix === undefined ? {} : { prefix: redis.prefix }),
            ...(redis.replicas === undefined ? {} : { replicas: redis.replicas }),
          },
        }
      : {}),
  };
}

function toApi(name: string, api: ApiInput, origin: Origin): ApiConfig {
  const policy = overridesOf(api);
  const confirm = toConfirmationRule(api.confirm);
  return {
    name,
    spec: api.spec,
    ...(api.baseUrl === undefined ? {} : { baseUrl: api.baseUrl }),
    ...(api.socket === undefined ? {} : { socket: api.socket }),
    ...(api.keepAlive === undefined ? {} : { keepAlive: api.keepAlive }),
    headers: Object.entries(api.headers ?? {}).map(
      ([header, value]) => [header, secret(value, `apis.${name}.headers.${header}`, origin)] as const,
    ),
    serverVariables: api.serverVariables ?? {},
    include: api.include ?? [],
    exclude: api.exclude ?? [],
    auth: readAuthConfig(api.auth ?? {}, `${origin.file}: apis.${name}.auth`, origin.environment),
    ...(policy ? { policy } : {}),
    ...(confirm ? { confirm } : {}),
    ...(api.gptHeaders ? { gptHeaders: typeof api.gptHeaders === 'string' ? { gptId: api.gptHeaders } : {} } : {}),
    tools: Object.fromEntries(Object.entries(api.tools ?? {}).map(([tool, keys]) => [tool, toTool(keys)])),
  };
}

function toServers(
  entries: { readonly [key: string]: McpServerInput },
  { file, environment }: Origin,
): McpServerConfig[] {
  const started = Object.entries(entries).filter(([, { disabled }]) => !disabled);
  if (started.length > 0) refuseRecursion(file, environment);
  return started.map(([key, entry]) => {
    const place = { file, key, environment };
    const policy = overridesOf(entry);
    const confirm = toConfirmationRule(entry.confirm);
    return {
      name: serverName(place),
      target: targetOf(entry, place),
      file,
      key,
      ignored: [],
      include: entry.include ?? [],
      exclude: entry.exclude ?? [],
      ...(policy ? { policy } : {}),
      ...(confirm ? { confirm } : {}),
      tools: Object.fromEntries(Object.entries(entry.tools ?? {}).map(([tool, keys]) => [tool, toTool(keys)])),
    };
  });
}

function toTool(keys: NonNullable<ApiInput['tools']>[string]): ToolConfig {
  const policy = overridesOf(keys);
  const confirm = toConfirmationRule(keys.confirm);
  return {
    ...(keys.name === undefined ? {} : { name: keys.name }),
    ...(keys.description === undefined ? {} : { description: keys.description }),
    ...(keys.hidden === undefined ? {} : { hidden: keys.hidden }),
    ...(policy ? { policy } : {}),
    ...(confirm ? { confirm } : {}),
  };
}

function overridesOf({ timeout, retry, idempotencyKey, breaker, rateLimit, concurrency, cache }: PolicyKeys) {
  return toPolicyOverrides({ timeout, retry, idempotencyKey, breaker, rateLimit, concurrency, cache });
}

/** A field that may hold `${NAME}`; what is in it is masked from now on. */
function secret(value: string, key: string, { file, environment }: Origin): string {
  const expanded = expandVariables(value, `${file}: ${key}`, environment, registerSecret);
  registerSecret(expanded);
  return expanded;
}
