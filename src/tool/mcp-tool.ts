import { type CannotAsk, listedInput } from './confirmation.ts';
import { takeText } from './measured-text.ts';
import type { JsonSchema, Tool } from './types.ts';

/** A tool as MCP's tools/list gives it (revision 2026-07-28; also valid in the older ones). */
export interface McpToolDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly _meta: {
    readonly actionbridge: {
      readonly api: string;
      readonly method: string;
      readonly path: string;
      /** `x-openai-isConsequential`, where the document says it. */
      readonly consequential?: boolean;
      /** A person is asked before calls; where nobody can be asked, this is what happens. */
      readonly confirm?: CannotAsk;
    };
  };
}

export function toMcpTool(tool: Tool): McpToolDefinition {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: listedInput(tool),
    ...(tool.output ? { outputSchema: tool.output } : {}),
    annotations: {
      readOnlyHint: tool.hints.readOnly,
      destructiveHint: tool.hints.destructive,
      idempotentHint: tool.hints.idempotent,
      openWorldHint: tool.hints.openWorld,
    },
    _meta: { actionbridge: describeCall(tool), ...tool.meta },
  };
}

function describeCall({
  api,
  request: { method, path, consequential },
  confirmation,
}: Tool): McpToolDefinition['_meta']['actionbridge'] {
  return {
    api,
    method,
    path,
    ...(consequential === undefined ? {} : { consequential }),
    ...(confirmation ? { confirm: confirmation.cannotAsk } : {}),
  };
}

/**
 * The `tools` member of a tools/list result, as JSON in UTF-8. Each tool is written for itself: one character beyond Latin-1
 * would make the text of all of them twice as large, and slower to encode.
 */
export function mcpListBytes(tools: readonly Tool[]): Uint8Array {
  const texts = tools.map((tool, index) => Buffer.from(`${index === 0 ? '' : ','}${writeMcpTool(tool)}`));
  return Buffer.concat([Buffer.from('['), ...texts, Buffer.from(']')]);
}

function writeMcpTool(tool: Tool): string {
  const { name, title, description, inputSchema, ...rest } = toMcpTool(tool);
  const start = JSON.stringify({ name, title, description }).slice(0, -1);
  return `${start},"inputSchema":${takeText(inputSchema)},${JSON.stringify(rest).slice(1)}`;
}
