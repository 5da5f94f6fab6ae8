import type { AuthConfig } from '../auth/types.ts';
import type { GptHeaders } from '../call/middleware/gpt-headers.ts';
import type { PolicyOverrides } from '../call/policy.ts';
import type { LogLevel } from '../log.ts';
import type { ServerTarget } from '../remote/types.ts';
import type { ConfirmationRule } from '../tool/confirmation.ts';
import type { ChatGptConfig } from './chatgpt.ts';
import type { HttpSettings } from './http-types.ts';
import type { ProxyConfig } from './proxy-types.ts';

/** One API to serve. */
export interface ApiConfig {
  /** From `name=<spec>` or the config's key; absent: from the document's title. */
  readonly name?: string;
  readonly spec: string;
  readonly baseUrl?: string;
  /** Path of the unix socket behind `baseUrl`. */
  readonly socket?: string;
  /** False: no socket to `baseUrl` is used twice. */
  readonly keepAlive?: boolean;
  /** Sent with every request of this API; the values are secrets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly serverVariables: { readonly [name: string]: string };
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Credentials by the document's scheme names, and `default`. */
  readonly auth: AuthConfig;
  readonly policy?: PolicyOverrides;
  readonly confirm?: ConfirmationRule;
  /** Its requests carry the headers that ChatGPT sends to actions. */
  readonly gptHeaders?: GptHeaders;
  /** By tool name or operationId. */
  readonly tools: { readonly [tool: string]: ToolConfig };
}

/** One MCP server to serve. */
export interface McpServerConfig {
  /** What its tools' names begin with. */
  readonly name: string;
  readonly target: ServerTarget;
  /** Where it is written, for messages: the file, and the key under `mcpServers`. */
  readonly file: string;
  readonly key: string;
  /** Members of its entry that mean nothing here. */
  readonly ignored: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly policy?: PolicyOverrides;
  readonly confirm?: ConfirmationRule;
  /** By the tool's name, its own or the bridge's. */
  readonly tools: { readonly [tool: string]: ToolConfig };
}

/** What the operator says about one tool. */
export interface ToolConfig {
  /** The name it is offered under. */
  readonly name?: string;
  readonly description?: string;
  readonly hidden?: boolean;
  readonly policy?: PolicyOverrides;
  readonly confirm?: ConfirmationRule;
}

export interface AuditConfig {
  readonly path: string;
  /** Arguments and answers whole instead of shape and hash. */
  readonly payloads: boolean;
  /** Requests that only read go out also when they cannot be audited. */
  readonly unauditedReads: boolean;
}

export interface RedisConfig {
  /** A secret. */
  readonly url: string;
  readonly prefix?: string;
  /** Replicas that share it: without Redis each takes its part of a limit. */
  readonly replicas?: number;
}

/** Everything the operator decided, from file, environment and flags, checked. */
export interface BridgeConfig {
  readonly apis: readonly ApiConfig[];
  readonly mcpServers: readonly McpServerConfig[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly readOnly: boolean;
  readonly allowHosts: readonly string[];
  readonly outputSchema: boolean;
  /** Keep compiled tools in the user's cache folder. */
  readonly cacheTools: boolean;
  /** Of every API; those of an API and of a tool count more. */
  readonly policy: PolicyOverrides;
  /** When a person is asked before calls; what an API and a tool say counts more. */
  readonly confirm: ConfirmationRule;
  /** Without a credential: send nothing, or try what only reads. */
  readonly missingCredential: 'refuse' | 'try';
  /** Every tool takes a JMESPath expression over its answer. */
  readonly select: boolean;
  /** Look whether the documents have changed, and serve them anew. */
  readonly watch: boolean;
  readonly logLevel: LogLevel;
  /** The process's own, with the files of `--env-file` under it. */
  readonly environment: { readonly [name: string]: string | undefined };
  readonly audit?: AuditConfig;
  readonly redis?: RedisConfig;
  /** ChatGPT is among the clients. */
  readonly chatgpt?: ChatGptConfig;
  /** Absent: stdio, unless the command line says otherwise. */
  readonly http?: HttpSettings;
  /** Absent: no proxy, unless the command line says otherwise. */
  readonly proxy?: ProxyConfig;
  /** Hand a caller's trace on to the APIs. */
  readonly propagateTrace: boolean;
  /** File of certificates to trust beside Node's, PEM. */
  readonly ca?: string;
}
