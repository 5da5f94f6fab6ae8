import type { Diagnostic } from '../diagnostic.ts';
import { tidyProse } from '../operation/prose.ts';
import type { SchemaConverter } from '../operation/schema.ts';
import type { Operation } from '../operation/types.ts';
import { findBoilerplate } from './boilerplate.ts';
import { compileTool } from './compile.ts';
import { type Filter, isOffered } from './filter.ts';
import { mcpListBytes } from './mcp-tool.ts';
import { nameOperations } from './names.ts';
import type { Tool } from './types.ts';

/** The tools on offer: an immutable snapshot, in the documents' order. */
export interface Registry {
  readonly tools: readonly Tool[];
  get(name: string): Tool | undefined;
  /** The `tools` member of MCP's tools/list, as JSON in UTF-8. */
  listBytes(): Uint8Array;
}

/** The operations of one API, what converts its schemas, and which of them are offered. */
export interface CompilableApi {
  readonly operations: readonly Operation[];
  readonly converter: SchemaConverter;
  /** For answers; absent: no tool declares what it answers. */
  readonly answers?: SchemaConverter;
  readonly filter: Filter;
}

/** Tools of all APIs at once: names are settled over all operations, offered or not, so that a filter never renames a tool. */
export function compileTools(apis: readonly CompilableApi[]): { tools: Tool[]; diagnostics: Diagnostic[] } {
  const all = apis.flatMap(({ operations, ...api }) => {
    const descriptions = operations.map(({ description }) => (description ? tidyProse(description) : ''));
    const boilerplate = findBoilerplate(descriptions);
    const shared = { ...api, boilerplate, parameters: new WeakMap() };
    return operations.map((operation, index) => ({ operation, description: descriptions[index]!, shared }));
  });
  const names = nameOperations(all.map(({ operation }) => operation));
  const diagnostics: Diagnostic[] = [];
  const tools: Tool[] = [];
  for (const [index, { operation, description, shared }] of all.entries()) {
    const name = names[index]!;
    if (!isOffered({ ...operation, name }, shared.filter)) continue;
    if (isReserved(operation)) {
      const message = `"${operation.id}" is left out: names that begin with "bridge." or "actionbridge" are the bridge's own`;
      diagnostics.push({
        severity: 'error',
        code: 'name-reserved',
        ...operation.source,
        message,
        hint: 'Give it another operationId.',
      });
      continue;
    }
    const { tool, reduced, cut } = compileTool({ operation, name, description }, shared);
    tools.push(tool);
    if (cut > 0) {
      const message = `The description of ${name} was cut: ${cut} characters are left out`;
      diagnostics.push({ severity: 'info', code: 'description-cut', ...operation.source, message });
    }
    if (!reduced) continue;
    const message = `The input schema of ${name} was larger than clients accept: its deep parts are free-form`;
    diagnostics.push({ severity: 'info', code: 'schema-reduced', ...operation.source, message });
  }
  return { tools, diagnostics };
}

/** A document must not pass its operations off as the bridge's own tools. */
function isReserved({ id = '' }: Operation): boolean {
  return /^\W*(?:bridge[./:]|actionbridge)/i.test(id);
}

export function createRegistry(tools: readonly Tool[]): Registry {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  let list: Uint8Array | undefined;
  return {
    tools,
    get: (name) => byName.get(name),
    listBytes: () => {
      list ??= mcpListBytes(tools);
      return list;
    },
  };
}

/** Two registries as one; the tools of `first` come first, and its name counts where both have one. Neither is copied. */
export function joinRegistries(first: Registry, second: Registry): Registry {
  let list: Uint8Array | undefined;
  return {
    get tools() {
      return [...first.tools, ...second.tools];
    },
    get: (name) => first.get(name) ?? second.get(name),
    listBytes: () => {
      list ??= joinArrays(first.listBytes(), second.listBytes());
      return list;
    },
  };
}

/** Two JSON arrays as one, unparsed. */
function joinArrays(first: Uint8Array, second: Uint8Array): Uint8Array {
  const isEmpty = (array: Uint8Array) => array.length <= 2;
  if (isEmpty(first)) return second;
  return isEmpty(second) ? first : Buffer.concat([first.subarray(0, -1), Buffer.from(','), second.subarray(1)]);
}
