import * as z from 'zod/v4';

/** A tool as the tool `search` of ChatGPT. Expressions are JMESPath; what is absent is found by its usual names. */
export interface SearchMapping {
  readonly tool: string;
  /** The argument that takes the query. */
  readonly query?: string | undefined;
  readonly arguments?: { readonly [argument: string]: unknown } | undefined;
  /** The list in the answer; `id`, `title` and `url` are over its items. */
  readonly results?: string | undefined;
  readonly id?: string | undefined;
  readonly title?: string | undefined;
  readonly url?: string | undefined;
}

/** A tool as the tool `fetch` of ChatGPT. */
export interface FetchMapping {
  readonly tool: string;
  /** The argument that takes the id. */
  readonly id?: string | undefined;
  readonly arguments?: { readonly [argument: string]: unknown } | undefined;
  readonly title?: string | undefined;
  readonly text?: string | undefined;
  readonly url?: string | undefined;
}

/** ChatGPT is among the clients: its hints are given, and its users told apart for limits. */
export interface ChatGptConfig {
  readonly search?: SearchMapping;
  readonly fetch?: FetchMapping;
}

const fixed = z.record(z.string(), z.unknown()).optional().describe('Arguments of every call.');
const expression = (what: string) => z.string().min(1).optional().describe(`${what}, as a JMESPath expression.`);
const tool = z.string().min(1).describe('A tool name or operationId.');

const searchSchema = z.strictObject({
  tool,
  query: z.string().optional().describe('The argument that takes the query.'),
  arguments: fixed,
  results: expression('The list in the answer'),
  id: expression('Of an item'),
  title: expression('Of an item'),
  url: expression('Of an item'),
});

const fetchSchema = z.strictObject({
  tool,
  id: z.string().optional().describe('The argument that takes the id.'),
  arguments: fixed,
  title: expression('Of the answer'),
  text: expression('Of the answer'),
  url: expression('Of the answer'),
});

export const chatGptSchema = z
  .strictObject({
    search: z.union([tool, searchSchema]).optional(),
    fetch: z.union([tool, fetchSchema]).optional(),
  })
  .describe(
    'For ChatGPT as an MCP client: its tools search and fetch by two of yours, its hints, its users for limits.',
  );

export function toChatGptConfig({ search, fetch }: z.infer<typeof chatGptSchema>): ChatGptConfig {
  return {
    ...(search === undefined ? {} : { search: typeof search === 'string' ? { tool: search } : search }),
    ...(fetch === undefined ? {} : { fetch: typeof fetch === 'string' ? { tool: fetch } : fetch }),
  };
}
