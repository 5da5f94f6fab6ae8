import type { Diagnostic } from '../diagnostic.ts';
import { createAloneConverter } from '../operation/json-schema.ts';
import { cleanText } from '../operation/text.ts';
import { type Filter, isOffered } from '../tool/filter.ts';
import { nameOperations, withHash } from '../tool/names.ts';
import { relaxedOutput } from '../tool/output.ts';
import type { JsonSchema, Tool, ToolHints } from '../tool/types.ts';
import { safeInput } from './input-schema.ts';

export interface CompileOptions {
  /** What the names of the tools begin with. */
  readonly server: string;
  readonly filter: Filter;
  /** Names that tools of other sources have; a tool that would have one too gains a hash. */
  readonly isTaken?: (name: string) => boolean;
}

type Fields = { readonly [member: string]: unknown };

/**
 * The tools of a server as the bridge's own: named `<server>_<tool>`, hints from the annotations (read-only ones count as GET,
 * idempotent ones as PUT, all others as POST, which is what decides about asking and trying again), schemas made safe. An
 * entry without a name is a diagnostic.
 */
export function compileRemoteTools(
  listed: readonly unknown[],
  options: CompileOptions,
): { readonly tools: readonly Tool[]; readonly diagnostics: readonly Diagnostic[] } {
  const entries = listed.map((entry) => (typeof entry === 'object' && entry !== null ? entry : {}) as Fields);
  const named = entries.filter(({ name }) => typeof name === 'string' && name !== '');
  const requests = named.map((entry) => requestOf(entry, options.server));
  const names = nameOperations(
    requests.map(({ method, path, operation }) => ({
      api: options.server,
      id: `${options.server}_${operation}`,
      method,
      path,
    })),
  );
  const tools = named.flatMap((entry, index) => {
    const request = requests[index]!;
    const name = options.isTaken?.(names[index]!) ? withHash(names[index]!, request) : names[index]!;
    const facts = { name, id: request.operation, method: request.method, path: request.path, tags: request.tags };
    return isOffered(facts, options.filter) ? [compile(entry, name, request)] : [];
  });
  const nameless = entries.length - named.length;
  return { tools, diagnostics: nameless === 0 ? [] : [namelessFound(options.server, nameless)] };
}

function compile(entry: Fields, name: string, request: Tool['request']): Tool {
  const hints = hintsOf(fieldsOf(entry['annotations']));
  const { input, bindings } = safeInput(entry['inputSchema']);
  const output = outputOf(entry['outputSchema']);
  const server = request.tags[0]!;
  return {
    name,
    title: titleOf(entry),
    description: descriptionOf(entry, server),
    input,
    ...(output ? { output } : {}),
    hints,
    api: server,
    request,
    bindings,
    remote: { server, name: request.operation },
  };
}

function requestOf(entry: Fields, server: string): Tool['request'] {
  const operation = entry['name'] as string;
  const { readOnly, idempotent } = hintsOf(fieldsOf(entry['annotations']));
  return {
    operation,
    method: readOnly ? 'GET' : idempotent ? 'PUT' : 'POST',
    path: `/${server}/${operation}`,
    servers: [],
    parameters: [],
    accept: [],
    security: [],
    deprecated: false,
    tags: [server],
  };
}

/** MCP's defaults where nothing is said: may write, may destroy, not idempotent, open world. */
function hintsOf(annotations: Fields): ToolHints {
  const readOnly = annotations['readOnlyHint'] === true;
  return {
    readOnly,
    destructive: !readOnly && annotations['destructiveHint'] !== false,
    idempotent: readOnly || annotations['idempotentHint'] === true,
    openWorld: annotations['openWorldHint'] !== false,
  };
}

function titleOf(entry: Fields): string {
  const found = [entry['title'], fieldsOf(entry['annotations'])['title']].find(
    (title): title is string => typeof title === 'string' && title.trim() !== '',
  );
  return found === undefined ? (entry['name'] as string).replace(/[_-]+/g, ' ') : cleanText(found);
}

function descriptionOf({ description, name }: Fields, server: string): string {
  const text = typeof description === 'string' ? cleanText(description) : '';
  return text === '' ? `${String(name)} of the MCP server ${server}` : text;
}

function outputOf(schema: unknown): JsonSchema | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  return relaxedOutput(schema as Fields, createAloneConverter(schema, 'response'));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function namelessFound(server: string, count: number): Diagnostic {
  return {
    severity: 'warning',
    code: 'mcp-tool-nameless',
    file: 'config',
    pointer: `/mcpServers/${server}`,
    message: `${count} of the tools that "${server}" lists have no name: they are not offered`,
  };
}
