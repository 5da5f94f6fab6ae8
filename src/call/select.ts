import jmespath from 'jmespath';
import { isOwnSelect, SELECT_ARGUMENT } from '../tool/configure.ts';
import type { Middleware } from './compose.ts';
import type { Call } from './execute.ts';
import { jsonOfContent } from './mcp-content.ts';
import { costOf, type ExpressionNode } from './select-cost.ts';
import type { ArgumentIssue, CallResult, Content } from './types.ts';

/** Characters an expression may look at or make: about a fifth of a second at worst. */
const MAX_WORK = 64_000_000;
const MAX_LENGTH = 1_000;
const MAX_OUTPUT = 10_000_000;

/**
 * Takes `_select` out of the arguments and applies it to a JSON answer. An expression that is wrong is an `invalid` result
 * before anything is sent; one that does not suit the answer gives the whole answer, with what went wrong said first (the
 * call has been made, and may have had an effect). Tools that declare an argument of that name themselves keep it.
 */
export function select(): Middleware<Call, CallResult> {
  return (next) => async (call) => {
    const taken = takeSelect(call);
    if (!taken) return next(call);
    const parsed = parseExpression(taken.expression);
    if ('message' in parsed) return { kind: 'invalid', issues: [parsed] };
    const result = await next({ ...call, args: taken.args });
    const content = result.kind === 'ok' ? jsonOf(result.content) : undefined;
    return result.kind === 'ok' && content ? { ...result, content: selected(content, parsed) } : result;
  };
}

function takeSelect({ args, tool }: Call): { readonly args: object; readonly expression: unknown } | undefined {
  if (typeof args !== 'object' || args === null || !Object.hasOwn(args, SELECT_ARGUMENT)) return undefined;
  if (!isOwnSelect(tool)) return undefined;
  const { [SELECT_ARGUMENT]: expression, ...rest } = args as { readonly [name: string]: unknown };
  return { args: rest, expression };
}

interface Expression {
  readonly text: string;
  readonly tree: ExpressionNode;
}

function parseExpression(written: unknown): Expression | ArgumentIssue {
  const issue = (message: string): ArgumentIssue => ({ argument: SELECT_ARGUMENT, message });
  if (typeof written !== 'string' || written.trim() === '') return issue('must be a JMESPath expression');
  if (written.length > MAX_LENGTH) return issue(`must not be longer than ${MAX_LENGTH} characters`);
  try {
    const { compile } = jmespath as unknown as { compile: (expression: string) => ExpressionNode };
    return { text: written, tree: compile(written) };
  } catch (error) {
    return issue(`is not a JMESPath expression: ${(error as Error).message}`);
  }
}

type JsonContent = Content & { readonly kind: 'json' };

function jsonOf(content: Content): JsonContent | undefined {
  if (content.kind === 'json') return content;
  const json = content.kind === 'mcp' ? jsonOfContent(content) : undefined;
  return json && { kind: 'json', value: json.value, text: JSON.stringify(json.value) };
}

function selected(content: JsonContent, { text, tree }: Expression): Content {
  if (costOf(tree, content.text.length) > MAX_WORK)
    return whole(content, 'the expression would go over this answer too often; select less at once');
  try {
    const value: unknown = jmespath.search(content.value, text);
    if (!fits(value, { left: MAX_OUTPUT })) return whole(content, 'what it selects is larger than the answer may be');
    const written = JSON.stringify(value) ?? 'null';
    return { kind: 'json', value: JSON.parse(written) as unknown, text: written };
  } catch (error) {
    return whole(content, (error as Error).message);
  }
}

function whole(content: JsonContent, why: string): Content {
  const text = `${SELECT_ARGUMENT} was not applied: ${why}. The whole answer:\n\n${content.text}`;
  return { kind: 'text', text, mediaType: 'text/plain' };
}

/** Counts with a stop: one value that is referred to often is small in memory and large in print. */
function fits(value: unknown, room: { left: number }): boolean {
  room.left -= typeof value === 'string' ? value.length + 2 : 5;
  if (room.left < 0) return false;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => fits(item, room));
  return Object.entries(value).every(([name, member]) => {
    room.left -= name.length;
    return fits(member, room);
  });
}
