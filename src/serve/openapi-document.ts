import { EDITOR_LIMITS } from '../actions/editor/finding.ts';
import { buildToolDocument, describeTools } from '../actions/write/tool-document.ts';
import type { ToolSource } from '../mcp/server.ts';
import { glob } from '../tool/filter.ts';

export interface OpenApiOptions {
  /** Where `/api/{tool}` is, without a slash at the end. */
  readonly publicUrl: string;
  /** Globs over tool names; absent: all. */
  readonly tools?: readonly string[];
  readonly secured: boolean;
}

/** Every tool as `POST /api/{tool}`, in one document (OpenAPI 3.1), which the GPT editor imports if it has at most 30 operations. */
export function buildOpenApi(source: ToolSource, options: OpenApiOptions): object {
  const { tools: patterns, publicUrl, secured } = options;
  const tools = source.registry.tools.filter(
    ({ name }) => patterns === undefined || patterns.some((pattern) => glob(pattern, name)),
  );
  const title = source.apis.map((api) => api.title).join(', ');
  const description =
    tools.length <= EDITOR_LIMITS.operations
      ? {}
      : {
          description: `${describeTools(title)} The GPT editor takes ${EDITOR_LIMITS.operations} operations, and here are ${tools.length}: choose with ?tools=name,prefix*.`,
        };
  return buildToolDocument(tools, { publicUrl, secured, title, ...description });
}
