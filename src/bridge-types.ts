import type { Auth } from './auth/auth.ts';
import type { CredentialStatus } from './auth/credentials.ts';
import type { LoginSource } from './auth/url-login.ts';
import type { CallContext, CallTrace, Planned } from './call/execute.ts';
import type { AuthDescription } from './call/middleware/authorize.ts';
import type { ServerInput } from './call/server-input.ts';
import type { CallResult } from './call/types.ts';
import type { CallPath } from './call-path.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { ServedApi } from './load-apis.ts';
import type { Log } from './log.ts';
import type { Completion, CompletionRequest, Part } from './remote/types.ts';
import type { SavedResponse } from './store/saved-responses.ts';
import type { Registry } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

/** What became of a call, and what `_meta.actionbridge` tells about it. */
export interface CallOutcome {
  readonly tool: Tool;
  readonly result: CallResult;
  readonly requestId: string;
  readonly trace: CallTrace;
  readonly ms: number;
  /** The answer was too large to be shown: it is kept whole, as a resource. */
  readonly saved?: SavedResponse;
}

export type CallOptions = Omit<CallContext, 'requestId'> & { readonly requestId?: string };

/** One engine: the tools, and the one way to call them. Every surface is a view of it. */
export interface Bridge {
  /** A snapshot; another one after a change. */
  readonly registry: Registry;
  readonly apis: readonly ServedApi[];
  readonly diagnostics: readonly Diagnostic[];
  readonly resources: ResourceSource;
  /** Logins in a browser on this machine. */
  readonly logins: LoginSource;
  /** Absent without MCP servers. */
  readonly prompts?: PromptSource;
  readonly log: Log;
  /** Throws TOOL_UNKNOWN; anything else the world may do is a result. */
  call(name: string, args: unknown, options: CallOptions): Promise<CallOutcome>;
  /** The request a call would send; nothing is sent. Throws TOOL_UNKNOWN. */
  plan(name: string, args: unknown, options: CallOptions): Promise<DryRun>;
  /** What the documents ask for, and whether it is there. */
  credentials(): Promise<readonly CredentialStatus[]>;
  auth(): Promise<Auth>;
  /** The way of a call, for surfaces that share its network, stores and observers. */
  path(): Promise<CallPath>;
  /** Told after tools, or what MCP servers have besides, have changed; gives the way to stop being told. */
  onChange(listener: (part: Part) => void): () => void;
  /** Lets no new calls begin, and waits for those under way, `ms` at most. */
  drain(ms: number): Promise<void>;
  /** Ends the calls under way. */
  close(): Promise<void>;
}

/** A planned request, and how it would be authorized, every credential masked. */
export type DryRun = Planned & { readonly auth?: AuthDescription };

/** A resource, as MCP lists it. */
export interface Resource {
  readonly uri: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly description?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Text, or bytes in base64. */
export interface ResourceContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly blob?: string;
}

export interface AskedResource {
  readonly uri: string;
  /** What its server may ask of the client. */
  readonly input?: ServerInput;
}

/** As resources/read answers. There are no contents where the server asks something first (`resultType: 'input_required'`). */
export interface ReadAnswer {
  readonly contents?: readonly ResourceContents[];
}

export interface ResourceTemplate extends Omit<Resource, 'uri'> {
  readonly uriTemplate: string;
}

/** Which MCP servers a caller may use; undefined: all. */
export type MaySee = ((server: string) => boolean) | undefined;

/** What can be read besides calling tools. Each principal sees its own. */
export interface ResourceSource {
  list(principal: string | undefined, maySee?: MaySee): Promise<readonly Resource[]>;
  templates(maySee?: MaySee): readonly ResourceTemplate[];
  /** Undefined for what is not there, or belongs to somebody else. Throws BridgeError when the MCP server that has it fails. */
  read(asked: AskedResource, principal: string | undefined, maySee?: MaySee): Promise<ReadAnswer | undefined>;
  /** Tells of changes of a resource of an MCP server, until the function it resolves to is called; else as `read`. */
  watch(uri: string, onUpdated: () => void, maySee?: MaySee): Promise<(() => void) | undefined>;
}

/** A prompt, as MCP lists it. */
export interface ListedPrompt {
  readonly name: string;
  readonly description?: string;
  readonly arguments?: readonly object[];
}

export interface AskedPrompt {
  readonly name: string;
  readonly arguments: { readonly [name: string]: string };
  /** What its server may ask of the client. */
  readonly input?: ServerInput;
}

/** The prompts of MCP servers. */
export interface PromptSource {
  list(maySee?: MaySee): readonly ListedPrompt[];
  /** As prompts/get answers; undefined for what is not there. Throws BridgeError when the server fails. */
  get(prompt: AskedPrompt, maySee?: MaySee): Promise<object | undefined>;
  /** Values for an argument of a prompt or resource template; undefined for one that there is not. */
  complete(request: CompletionRequest, maySee?: MaySee): Promise<Completion | undefined>;
}
