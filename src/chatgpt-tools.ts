import { randomUUID } from 'node:crypto';
import type { Bridge, CallOptions, CallOutcome } from './bridge.ts';
import { jsonOfContent } from './call/mcp-content.ts';
import type { ArgumentIssue, Content } from './call/types.ts';
import { type Alias, type Aliases, checkExpressions, makeAliases } from './chatgpt-aliases.ts';
import { asText } from './chatgpt-answers.ts';
import type { ChatGptConfig } from './config/chatgpt.ts';
import { createRegistry, type Registry } from './tool/registry.ts';
import type { JsonSchema } from './tool/types.ts';

/**
 * The bridge with the tools `search` and `fetch` as ChatGPT asks for them (company knowledge, deep research), made from two
 * others. A call of one is a call of the other: same credential, limits, consent and audit. Throws CONFIG_INVALID when a tool
 * or argument cannot be found, or a name is taken.
 */
export function withChatGptTools(bridge: Bridge, config: ChatGptConfig): Bridge {
  checkExpressions(config);
  const made = new WeakMap<Registry, { readonly aliases: Aliases; readonly registry: Registry }>();
  const current = () => {
    const { registry } = bridge;
    let known = made.get(registry);
    if (!known) {
      const aliases = makeAliases(registry, config);
      const tools = [...aliases.values()].map(({ tool }) => tool);
      known = { aliases, registry: createRegistry([...registry.tools, ...tools]) };
      made.set(registry, known);
    }
    return known;
  };
  current();
  return Object.defineProperties(Object.create(bridge) as Bridge, {
    registry: { get: () => current().registry, enumerable: true },
    call: {
      value: async (name, args, options) => {
        const alias = current().aliases.get(name);
        if (!alias) return bridge.call(name, args, options);
        const issues = issuesOf(alias, args);
        if (issues.length > 0) return refused(alias, issues, options);
        const outcome = await bridge.call(alias.target.name, argumentsFor(alias, args), options);
        return shaped(outcome, alias, givenIn(alias, args));
      },
    } satisfies { value: Bridge['call'] },
    plan: {
      value: async (name, args, options) => {
        const alias = current().aliases.get(name);
        return alias
          ? bridge.plan(alias.target.name, argumentsFor(alias, args), options)
          : bridge.plan(name, args, options);
      },
    } satisfies { value: Bridge['plan'] },
  });
}

function issuesOf({ own }: Alias, args: unknown): ArgumentIssue[] {
  const given = typeof args === 'object' && args !== null ? args : {};
  const value = (given as { readonly [name: string]: unknown })[own];
  const wrong = typeof value === 'string' ? [] : [{ argument: own, message: 'is required, and is text' }];
  const unknown = Object.keys(given).filter((name) => name !== own);
  return [...wrong, ...unknown.map((name) => ({ argument: name, message: `is not known; there is only "${own}"` }))];
}

function refused({ tool }: Alias, issues: readonly ArgumentIssue[], { requestId }: CallOptions): CallOutcome {
  return {
    tool,
    result: { kind: 'invalid', issues },
    requestId: requestId ?? randomUUID(),
    trace: { attempts: 0, cached: false, timings: {} },
    ms: 0,
  };
}

function givenIn({ own }: Alias, args: unknown): string {
  return asText((args as { readonly [name: string]: unknown } | undefined)?.[own]);
}

function argumentsFor(alias: Alias, args: unknown): { readonly [argument: string]: unknown } {
  const { argument, fixed, target } = alias;
  return { ...fixed, [argument]: coerced(target.input.properties[argument], givenIn(alias, args)) };
}

/** Ids come back as text, whatever they are. */
function coerced(schema: JsonSchema | undefined, text: string): unknown {
  const type = schema?.['type'];
  return (type === 'integer' || type === 'number') && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

function shaped({ saved: _, ...outcome }: CallOutcome, alias: Alias, given: string): CallOutcome {
  const { result } = outcome;
  const content = result.kind === 'ok' ? readable(result.content) : undefined;
  if (result.kind !== 'ok' || !content) return { ...outcome, tool: alias.tool };
  const value = alias.shape(content, given);
  const shown: Content = { kind: 'json', value, text: JSON.stringify(value) };
  return { ...outcome, tool: alias.tool, result: { ...result, content: shown } };
}

/** What can be shaped: JSON or text, from an API or an MCP server. */
function readable(content: Content): Content | undefined {
  if (content.kind === 'json' || content.kind === 'text') return content;
  const json = content.kind === 'mcp' ? jsonOfContent(content) : undefined;
  return json && { kind: 'json', value: json.value, text: '' };
}
