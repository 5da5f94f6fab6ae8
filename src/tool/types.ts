import type { JsonSchema } from '../operation/schema.ts';
import type { BodyWire, ParameterWire, SecurityRequirement, Server, StatedHints } from '../operation/types.ts';
import type { ToolConfirmation } from './confirmation.ts';

export type { JsonSchema };

export interface InputSchema extends JsonSchema {
  type: 'object';
  properties: { [argument: string]: JsonSchema };
  required?: string[];
  /** Absent for tools of MCP servers that take more than they describe. */
  additionalProperties?: false;
}

export type ToolHints = StatedHints;

/** One callable thing, the same on every surface. Plain data: it can be cached and compared. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: InputSchema;
  readonly output?: JsonSchema;
  readonly hints: ToolHints;
  readonly api: string;
  readonly request: RequestTemplate;
  readonly bindings: readonly Binding[];
  /** Called on an MCP server; `request` is then a template in name only: it carries hints, filters and audit. */
  readonly remote?: RemoteTool;
  /** Further `_meta` for MCP clients that know it. */
  readonly meta?: { readonly [key: string]: unknown };
  /** A person is asked before calls; absent: nobody is. No part of the tool's meaning, and not of its fingerprint. */
  readonly confirmation?: ToolConfirmation;
}

/** Where a tool of an MCP server is found. */
export interface RemoteTool {
  /** As the bridge names the server. */
  readonly server: string;
  /** As the server names the tool. */
  readonly name: string;
}

/** All that is needed to write a request, besides the arguments. */
export interface RequestTemplate {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly servers: readonly Server[];
  readonly parameters: readonly (ParameterWire & { readonly required: boolean })[];
  readonly body?: {
    readonly required: boolean;
    readonly choices: readonly BodyWire[];
    /** Flattened bodies: properties that must be there once any body argument is given. */
    readonly requiredProperties: readonly string[];
  };
  /** Media types of the declared answers, for `Accept`. */
  readonly accept: readonly string[];
  readonly security: readonly (readonly SecurityRequirement[])[];
  readonly consequential?: boolean;
  readonly deprecated: boolean;
  readonly tags: readonly string[];
}

/** The only road from an argument to the wire. */
export interface Binding {
  readonly argument: string;
  readonly target: BindingTarget;
}

export type BindingTarget =
  /** `request.parameters[index]` */
  | { readonly kind: 'parameter'; readonly index: number }
  | { readonly kind: 'body' }
  | { readonly kind: 'property'; readonly name: string }
  /** Chooses among `request.body.choices` by media type. */
  | { readonly kind: 'contentType' };
