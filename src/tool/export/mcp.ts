import { toMcpTool } from '../mcp-tool.ts';
import type { JsonSchema } from '../types.ts';
import type { Dialect } from './types.ts';

/** MCP's own shape, as tools/list has it: nothing is rewritten, and nothing to take back. */
export const mcp: Dialect = {
  exportTool(tool) {
    const definition = toMcpTool(tool);
    return {
      tool,
      name: definition.name,
      description: definition.description,
      parameters: definition.inputSchema,
      strict: false,
      definition: definition as unknown as JsonSchema,
      warnings: [],
      argumentsFrom: (given) => given,
    };
  },
  document: (exported) => exported.map(({ definition }) => definition),
};
