/** How an MCP server is reached. Values of `env` and `headers` are secrets. */
export type ServerTarget =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** Beside the few variables every program needs; nothing else of ours is handed on. */
      readonly env: { readonly [name: string]: string };
      readonly cwd?: string;
    }
  | {
      /** `sse`: the transport of 2024, for servers that have no other. */
      readonly kind: 'http' | 'sse';
      readonly url: string;
      readonly headers: { readonly [name: string]: string };
    };

/** One MCP server, as the supervisor knows it. */
export interface ServerOptions {
  /** Letters, digits, `_` and `-`: what its tools' names begin with. */
  readonly name: string;
  readonly target: ServerTarget;
}

/** The parts of a server that can change while it runs. */
export type Part = 'tools' | 'resources' | 'prompts';

/** Everything a server has on offer, as it sent it: nothing in it is checked. */
export interface Offer {
  readonly title: string;
  readonly instructions: string;
  readonly version: string;
  readonly tools: readonly unknown[];
  readonly resources: readonly unknown[];
  readonly templates: readonly unknown[];
  readonly prompts: readonly unknown[];
}

/** `completion/complete` of MCP. */
export interface CompletionRequest {
  readonly ref:
    | { readonly type: 'ref/prompt'; readonly name: string }
    | { readonly type: 'ref/resource'; readonly uri: string };
  readonly argument: { readonly name: string; readonly value: string };
  readonly context?: { readonly arguments?: { readonly [name: string]: string } | undefined } | undefined;
}

export interface Completion {
  readonly values: readonly string[];
  readonly total?: number | undefined;
  readonly hasMore?: boolean | undefined;
}
