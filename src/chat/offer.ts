import { glob } from '../tool/filter.ts';
import { MAX_NAME_LENGTH, shortHash } from '../tool/names.ts';
import type { Registry } from '../tool/registry.ts';
import type { Tool } from '../tool/types.ts';
import type { Asked } from './asked.ts';
import type { Json } from './lenient.ts';
import { badRequest } from './openai-error.ts';
import type { DialectName, ModelCall, Owner } from './types.ts';

/** Our tools beside a client's: as functions, and whose a call is. */
export interface Offer {
  /** In the order of the registry, in the upstream's dialect. */
  functions(dialect: DialectName): readonly Json[];
  ownerOf(call: ModelCall): Owner;
  toolFor(name: string): OfferedTool | undefined;
  /** The caller has the tool, and this request does not. */
  isWithheld(name: string): boolean;
  /** What the model may call, for telling it when it calls something else. */
  readonly names: readonly string[];
}

/** A tool under the name that the model knows it by. */
export interface OfferedTool {
  readonly name: string;
  readonly tool: Tool;
}

/** How a tool stands in a request, and what of the model's arguments goes to the tool. */
export interface ToolFunctions {
  readonly functionOf: (tool: Tool, dialect: DialectName) => FunctionDefinition;
  /** The arguments as the tool's own schema has them. */
  readonly argumentsFrom: (tool: Tool, dialect: DialectName, args: Json) => Json;
}

export interface FunctionDefinition {
  readonly description: string;
  readonly parameters: Json;
  readonly strict: boolean;
}

export interface OfferOptions {
  readonly functions: ToolFunctions;
  /** Globs over tool names; absent: all. */
  readonly allowed: readonly (readonly string[])[];
  /** Of all functions of a request together; OpenAI takes 128. */
  readonly maxTools: number;
}

/**
 * Our tools for one request. A client's function of the same name keeps it, and ours gets its API's name in front. Throws
 * RequestFailed when there are more tools than the upstream takes.
 */
export function createOffer(registry: Registry, asked: Asked, options: OfferOptions): Offer {
  const tools = asked.wantsNoTools ? [] : registry.tools.filter(({ name }) => isAllowed(name, options.allowed));
  const byName = nameTools(tools, asked.clientTools);
  const count = byName.size + asked.clientTools.size;
  if (count > options.maxTools && byName.size > 0)
    throw badRequest(
      `There would be ${count} tools (${byName.size} of the bridge, ${asked.clientTools.size} of the request), and the model takes ${options.maxTools}. Choose among the bridge's with the header "x-actionbridge-tools: NAME,GLOB*", "proxy.tools" or "include" in the config.`,
      'tools',
      'array_above_max_length',
    );
  const { clientTools, hasOpenTools } = asked;
  return {
    names: [...byName.keys(), ...clientTools],
    functions: (dialect) => [...byName.values()].map((offered) => functionItem(offered, options.functions, dialect)),
    isWithheld: (name) => registry.get(name) !== undefined && !tools.some((tool) => tool.name === name),
    toolFor: (name) => byName.get(name) ?? byName.get(withoutPrefix(name)),
    ownerOf({ name, kind, namespace }) {
      if (kind === 'custom' || namespace !== undefined || clientTools.has(name)) return 'client';
      if (byName.has(name) || byName.has(withoutPrefix(name))) return 'ours';
      return hasOpenTools || byName.size === 0 ? 'client' : 'unknown';
    },
  };
}

function isAllowed(name: string, lists: OfferOptions['allowed']): boolean {
  return lists.every((patterns) => patterns.some((pattern) => glob(pattern, name)));
}

/** Models that learned other runtimes' conventions put these before a name. */
function withoutPrefix(name: string): string {
  return name.trim().replace(/^(?:functions|default_api|tools?)[.:]/, '');
}

function nameTools(tools: readonly Tool[], taken: ReadonlySet<string>): Map<string, OfferedTool> {
  const names = new Set([...taken, ...tools.map(({ name }) => name)]);
  const named = new Map<string, OfferedTool>();
  for (const tool of tools) {
    const name = taken.has(tool.name) ? freeName(tool, names) : tool.name;
    named.set(name, { name, tool });
  }
  return named;
}

function freeName({ api, name }: Tool, taken: Set<string>): string {
  const prefixed = `${api}_${name}`.replace(/[^A-Za-z0-9_-]/g, '_');
  let free = prefixed.length <= MAX_NAME_LENGTH && !taken.has(prefixed) ? prefixed : '';
  for (let salt = 0; free === '' || taken.has(free); salt++)
    free = `${prefixed.slice(0, MAX_NAME_LENGTH - 9)}_${shortHash(`${prefixed} ${salt}`)}`;
  taken.add(free);
  return free;
}

function functionItem({ name, tool }: OfferedTool, { functionOf }: ToolFunctions, dialect: DialectName): Json {
  const { description, parameters, strict } = functionOf(tool, dialect);
  const definition = { name, description, parameters, strict };
  if (dialect === 'responses') return { type: 'function', ...definition };
  // Not strict is what Chat means by silence, and other providers do not know the word.
  return { type: 'function', function: strict ? definition : { name, description, parameters } };
}
