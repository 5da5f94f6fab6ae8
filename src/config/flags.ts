import type { PolicyOverrides } from '../call/policy.ts';
import { BridgeError } from '../errors.ts';
import { LOG_LEVELS, type LogLevel } from '../log.ts';
import { CONFIRM_WHEN, type ConfirmWhen } from '../tool/confirmation.ts';
import type { HttpFlags } from './http-flags.ts';
import type { ApiConfig, BridgeConfig } from './types.ts';

/** The options of serve, tools, call and check, as the command line gives them. */
export interface Flags extends HttpFlags {
  readonly config?: string;
  readonly baseUrl?: readonly string[];
  readonly header?: readonly string[];
  readonly serverVar?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly readOnly?: boolean;
  readonly allowHost?: readonly string[];
  readonly timeout?: string;
  readonly outputSchema?: boolean;
  readonly cacheTools?: boolean;
  readonly tools?: string;
  readonly rateLimit?: string;
  /** Seconds for answers about which the API says nothing. */
  readonly cache?: string;
  readonly audit?: string;
  readonly confirm?: string;
  readonly redis?: string;
  /** Files of other programs that name MCP servers. */
  readonly mcpConfig?: readonly string[];
  readonly envFile?: readonly string[];
  readonly select?: boolean;
  readonly watch?: boolean;
  readonly logLevel?: string;
}

/** Command-line words over what the file says (`file` may be empty). Throws USAGE naming the option. */
export function mergeFlags(specs: readonly string[], flags: Flags, file: BridgeConfig): BridgeConfig {
  refuseLater(flags);
  if ((flags.select ?? file.select) && (flags.outputSchema ?? file.outputSchema))
    throw new BridgeError('USAGE', '--select and --output-schema exclude each other', {
      hint: 'What is selected does not have the shape that a tool declares.',
    });
  const named = file.mcpServers.filter(
    ({ name }) => specs.includes(name) && !file.apis.some((api) => api.name === name),
  );
  const words = specs.filter((word) => !named.some(({ name }) => name === word));
  const apis = specs.length > 0 ? words.map((word) => apiFor(word, file.apis)) : file.apis;
  const mcpServers = named.length > 0 ? named : file.mcpServers;
  if (apis.length === 0 && mcpServers.length === 0)
    throw new BridgeError('USAGE', 'No document was given', { hint: 'Give a file or URL: actionbridge openapi.yaml' });
  return {
    ...file,
    mcpServers,
    apis: apis.map((api) => applyTo(api, apis, flags)),
    include: [...file.include, ...(flags.include ?? [])],
    exclude: [...file.exclude, ...(flags.exclude ?? [])],
    readOnly: flags.readOnly ?? file.readOnly,
    allowHosts: [...file.allowHosts, ...(flags.allowHost ?? []).map(checkHost)],
    outputSchema: flags.outputSchema ?? file.outputSchema,
    cacheTools: flags.cacheTools === false ? false : file.cacheTools,
    policy: { ...file.policy, ...policyOf(flags) },
    confirm: flags.confirm === undefined ? file.confirm : { ...file.confirm, ask: confirmOf(flags.confirm) },
    select: flags.select ?? file.select,
    watch: flags.watch ?? file.watch,
    logLevel: flags.logLevel === undefined ? file.logLevel : logLevelOf(flags.logLevel),
    ...(flags.audit === undefined
      ? {}
      : { audit: { payloads: false, unauditedReads: false, ...file.audit, path: flags.audit } }),
    ...(flags.redis === undefined ? {} : { redis: { ...file.redis, url: flags.redis } }),
  };
}

/** What holds where nobody said anything. */
export const EMPTY_CONFIG: BridgeConfig = {
  apis: [],
  mcpServers: [],
  include: [],
  exclude: [],
  readOnly: false,
  allowHosts: [],
  outputSchema: false,
  cacheTools: true,
  policy: {},
  confirm: {},
  missingCredential: 'try',
  select: false,
  watch: false,
  logLevel: 'warn',
  environment: {},
  propagateTrace: false,
};

function refuseLater(flags: Flags): void {
  if (flags.tools !== undefined && flags.tools !== 'all')
    throw new BridgeError('USAGE', `--tools ${flags.tools}: only "all" exists so far`);
}

/** The options that are call policy; they count as much as the keys at the top of the config file. */
function policyOf(flags: Flags): PolicyOverrides {
  return {
    ...(flags.timeout === undefined ? {} : { timeoutMs: parseSeconds(flags.timeout) }),
    ...(flags.rateLimit === undefined ? {} : { rateLimit: parseRate(flags.rateLimit) }),
    ...(flags.cache === undefined ? {} : { cache: parseCache(flags.cache) }),
  };
}

function parseRate(word: string): PolicyOverrides['rateLimit'] & (object | false) {
  if (word === '0') return false;
  const [, calls, seconds] = /^(\d{1,6})\/(\d{1,5})$/.exec(word) ?? [];
  if (calls === undefined || Number(calls) === 0 || Number(seconds) === 0)
    throw new BridgeError('USAGE', `--rate-limit ${JSON.stringify(word)} needs the form N/SECONDS, or 0 for no limit`);
  return { calls: Number(calls), windowMs: Number(seconds) * 1000 };
}

function parseCache(word: string): PolicyOverrides['cache'] & (object | false) {
  const seconds = Number(word);
  if (word.trim() === '' || !(seconds >= 0 && seconds <= 300))
    throw new BridgeError('USAGE', `--cache ${JSON.stringify(word)} is not a number of seconds between 0 and 300`);
  return seconds === 0 ? false : { silentSeconds: seconds };
}

function confirmOf(word: string): ConfirmWhen {
  const when = CONFIRM_WHEN.find((known) => known === word);
  if (when === undefined)
    throw new BridgeError('USAGE', `--confirm ${JSON.stringify(word)} is not one of ${CONFIRM_WHEN.join(', ')}`);
  return when;
}

function logLevelOf(word: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === word);
  if (level === undefined)
    throw new BridgeError('USAGE', `--log-level ${JSON.stringify(word)} is not one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

/** A word may be the name of an API of the config; `name=<spec>` is another document for the API of that name. */
function apiFor(word: string, configured: readonly ApiConfig[]): ApiConfig {
  const named = configured.find(({ name }) => name === word);
  if (named) return named;
  const given = parseSpecArgument(word);
  const known = configured.find(({ name }) => name !== undefined && name === given.name);
  return known ? { ...known, spec: given.spec } : given;
}

/** Whether a word can be the name of an API. */
export function isApiName(word: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(word);
}

/** `name=<spec>` or `<spec>`. A name is letters, digits, `_` and `-`, so that `file=a.yaml` and `https://x/?a=b` are not confused. */
export function parseSpecArgument(word: string): ApiConfig {
  const match = /^([A-Za-z][A-Za-z0-9_-]{0,31})=(.+)$/s.exec(word);
  return {
    ...(match ? { name: match[1]! } : {}),
    spec: match ? match[2]! : word,
    headers: [],
    serverVariables: {},
    include: [],
    exclude: [],
    auth: {},
    tools: {},
  };
}

function applyTo(api: ApiConfig, all: readonly ApiConfig[], flags: Flags): ApiConfig {
  const mine = (words: readonly string[] | undefined) =>
    (words ?? []).map((word) => scoped(word, all)).filter(({ name }) => name === undefined || name === api.name);
  const baseUrl = mine(flags.baseUrl).at(-1)?.value;
  if (baseUrl !== undefined) checkBaseUrl(baseUrl);
  return {
    ...api,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    headers: [...api.headers, ...mine(flags.header).map(({ value }) => parseHeader(value))],
    serverVariables: {
      ...api.serverVariables,
      ...Object.fromEntries(mine(flags.serverVar).map(({ value }) => parseVariable(value))),
    },
  };
}

/** `[name=]value`: the name counts only if it is that of an API. */
function scoped(word: string, apis: readonly ApiConfig[]): { name?: string; value: string } {
  const equals = word.indexOf('=');
  const name = word.slice(0, equals);
  return equals > 0 && apis.some((api) => api.name === name)
    ? { name, value: word.slice(equals + 1) }
    : { value: word };
}

function checkBaseUrl(value: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new BridgeError('USAGE', `--base-url ${JSON.stringify(value)} is not an http(s) URL`);
  if (url.username !== '' || url.password !== '')
    throw new BridgeError('USAGE', '--base-url must not hold a user name or password', {
      hint: "Give credentials with --header 'Authorization: …'.",
    });
}

function parseHeader(word: string): readonly [string, string] {
  const colon = word.indexOf(':');
  const name = word.slice(0, Math.max(colon, 0)).trim();
  const value = word.slice(colon + 1).trim();
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new BridgeError('USAGE', "--header needs the form 'Name: value'");
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new BridgeError('USAGE', `--header ${name}: the value holds characters that no header can carry`);
  return [name, value];
}

function parseVariable(word: string): readonly [string, string] {
  const equals = word.indexOf('=');
  if (equals <= 0) throw new BridgeError('USAGE', `--server-var ${JSON.stringify(word)} needs the form name=value`);
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function checkHost(word: string): string {
  const url = URL.canParse(`http://${word}`) ? new URL(`http://${word}`) : undefined;
  if (url?.pathname !== '/' || url.username !== '' || !/:\d+$/.test(word))
    throw new BridgeError('USAGE', `--allow-host ${JSON.stringify(word)} needs the form HOST:PORT`);
  return word;
}

function parseSeconds(word: string): number {
  const seconds = Number(word);
  if (!(seconds > 0 && seconds <= 3600))
    throw new BridgeError('USAGE', `--timeout ${JSON.stringify(word)} is not a number of seconds between 0 and 3600`);
  return seconds * 1000;
}
