import jmespath from 'jmespath';
import type { Content } from './call/types.ts';
import { asText, firstArray, member, pick, textMember } from './chatgpt-answers.ts';
import type { ChatGptConfig, FetchMapping, SearchMapping } from './config/chatgpt.ts';
import { BridgeError } from './errors.ts';
import type { Registry } from './tool/registry.ts';
import type { JsonSchema, Tool } from './tool/types.ts';

/** One of the two tools, and how a call of it becomes a call of the tool it is made from. */
export interface Alias {
  readonly tool: Tool;
  readonly target: Tool;
  /** The one argument: of ours, and of the target. */
  readonly own: 'query' | 'id';
  readonly argument: string;
  readonly fixed: { readonly [argument: string]: unknown };
  readonly shape: (content: Content, given: string) => unknown;
}

export type Aliases = ReadonlyMap<string, Alias>;

/** The tools that the config asks for. Throws CONFIG_INVALID naming the key. */
export function makeAliases(registry: Registry, { search, fetch }: ChatGptConfig): Aliases {
  const aliases = new Map<string, Alias>();
  if (search) aliases.set('search', searchAlias(targetOf(registry, search.tool, 'search'), search));
  if (fetch) aliases.set('fetch', fetchAlias(targetOf(registry, fetch.tool, 'fetch'), fetch));
  for (const name of aliases.keys()) {
    if (registry.get(name))
      throw invalid(
        `chatgpt.${name}`,
        `there is a tool named "${name}" already`,
        'Give it another name under "tools:".',
      );
  }
  return aliases;
}

/** Throws CONFIG_INVALID naming the key. */
export function checkExpressions({ search, fetch }: ChatGptConfig): void {
  const { compile } = jmespath as unknown as { compile: (expression: string) => unknown };
  const expressions = [
    ...['results', 'id', 'title', 'url'].map((key) => [`chatgpt.search.${key}`, search?.[key as 'results']] as const),
    ...['title', 'text', 'url'].map((key) => [`chatgpt.fetch.${key}`, fetch?.[key as 'text']] as const),
  ];
  for (const [key, expression] of expressions) {
    try {
      if (expression !== undefined) compile(expression);
    } catch (error) {
      throw invalid(key, `not a JMESPath expression: ${(error as Error).message}`, 'See https://jmespath.org/.');
    }
  }
}

function targetOf(registry: Registry, name: string, key: string): Tool {
  const tool = registry.get(name) ?? registry.tools.find(({ request }) => request.operation === name);
  if (tool) return tool;
  throw invalid(
    `chatgpt.${key}.tool`,
    `no tool is named ${JSON.stringify(name)}`,
    'List them with "actionbridge tools".',
  );
}

const QUERY_NAMES = ['query', 'q', 'search', 'search_query', 'text', 'term', 'keyword', 'keywords', 'name'];
function searchAlias(target: Tool, mapping: SearchMapping): Alias {
  const result = {
    type: 'object',
    properties: textProperties(['id', 'title', 'url']),
    required: ['id', 'title', 'url'],
  };
  return {
    target,
    own: 'query',
    argument: argumentOf(target, mapping.query, QUERY_NAMES, 'chatgpt.search.query'),
    fixed: mapping.arguments ?? {},
    tool: aliasTool(target, {
      name: 'search',
      description: `Search: ${target.description}`,
      argument: 'query',
      about: 'What to search for.',
      output: { type: 'object', properties: { results: { type: 'array', items: result } }, required: ['results'] },
    }),
    shape: (content) => {
      const found = pick(jsonOf(content), mapping.results, firstArray);
      const list = Array.isArray(found) ? found : [];
      return {
        results: list.map((each: unknown) => ({
          id: asText(pick(each, mapping.id, member('id'))),
          title: asText(pick(each, mapping.title, member('title'))),
          url: asText(pick(each, mapping.url, member('url'))),
        })),
      };
    },
  };
}

function fetchAlias(target: Tool, mapping: FetchMapping): Alias {
  const names = ['id', 'title', 'text', 'url'];
  return {
    target,
    own: 'id',
    argument: argumentOf(target, mapping.id, ['id'], 'chatgpt.fetch.id'),
    fixed: mapping.arguments ?? {},
    tool: aliasTool(target, {
      name: 'fetch',
      description: `Fetch one result of "search" whole: ${target.description}`,
      argument: 'id',
      about: 'The id that "search" gave.',
      output: { type: 'object', properties: textProperties(names), required: names },
    }),
    shape: (content, id) => {
      const value = jsonOf(content);
      return {
        id,
        title: asText(pick(value, mapping.title, member('title'))),
        text: content.kind === 'text' ? content.text : asText(pick(value, mapping.text, textMember)),
        url: asText(pick(value, mapping.url, member('url'))),
      };
    },
  };
}

function textProperties(names: readonly string[]): { [name: string]: JsonSchema } {
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

function aliasTool(
  target: Tool,
  alias: { name: string; description: string; argument: string; about: string; output: JsonSchema },
): Tool {
  const { name, description, argument, about, output } = alias;
  const { confirmation: _, ...rest } = target;
  return {
    ...rest,
    name,
    description,
    output,
    hints: target.hints.destructive ? target.hints : READ_ONLY,
    input: {
      type: 'object',
      properties: { [argument]: { type: 'string', description: about } },
      required: [argument],
      additionalProperties: false,
    },
    bindings: [],
  };
}

/** The operator says that it searches or fetches, whatever its method. */
const READ_ONLY = { readOnly: true, destructive: false, idempotent: true, openWorld: true } as const;

/** As the config says, else by its name, else the only one that is required. */
function argumentOf({ name, input }: Tool, given: string | undefined, usual: readonly string[], key: string): string {
  const has = (argument: string) => Object.hasOwn(input.properties, argument);
  const required = input.required ?? [];
  const found = given ?? usual.find(has) ?? (required.length === 1 ? required[0] : undefined);
  if (found !== undefined && has(found)) return found;
  const known = Object.keys(input.properties).join(', ') || 'none';
  throw invalid(
    key,
    found === undefined ? `say which argument of "${name}" it is` : `"${name}" has no argument "${found}"`,
    `It has ${known}.`,
  );
}

function jsonOf(content: Content): unknown {
  return content.kind === 'json' ? content.value : undefined;
}

function invalid(key: string, what: string, hint: string): BridgeError {
  return new BridgeError('CONFIG_INVALID', `${key}: ${what}`, { hint });
}
