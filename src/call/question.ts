import { originOf } from '../net/origin.ts';
import { cleanText } from '../operation/text.ts';
import type { JsonSchema, Tool } from '../tool/types.ts';
import type { Verdict } from './approvals.ts';
import type { RequestPlan } from './types.ts';

/** What a person is asked before a call. */
export interface Question {
  /** The request in words: method, host and arguments, one a line; secrets masked. */
  readonly text: string;
  /** "Do not ask again" may be offered. */
  readonly rememberable: boolean;
  /** For surfaces that ask in one exchange and learn the answer in another: what has to come back with it, signed. */
  readonly state: () => Promise<string>;
  /** Whether a state that came back belongs to this very question; it is spent when it does. */
  readonly redeem: (state: string) => Promise<Verdict>;
  /** For `CallContext.approval` of the same call, once: when the person has accepted and something else came in between. */
  readonly token: () => Promise<string>;
}

export type Answer =
  | { readonly kind: 'accepted'; readonly remember?: boolean }
  | { readonly kind: 'declined' | 'cancelled' }
  /** The person is being asked; the call ends here, and comes again with the answer. */
  | { readonly kind: 'asking' }
  /** An answer came, but to another question. */
  | { readonly kind: 'foreign' };

/** How a surface asks the person behind a client. */
export type AskPerson = (question: Question) => Promise<Answer>;

const MAX_ARGUMENTS = 20;
const MAX_CHARACTERS = 200;
const HIDDEN = '***';

/** The words of a question. `mask` takes out registered secrets. */
export function describeRequest(
  tool: Tool,
  plan: RequestPlan,
  given: { readonly args: { readonly [name: string]: unknown }; readonly mask: (text: string) => string },
): string {
  const shown = Object.entries(given.args).map(([name, value]) => {
    const schema = Object.hasOwn(tool.input.properties, name) ? tool.input.properties[name] : undefined;
    return { name, value: withoutSecrets(name, value, schema) };
  });
  const hidden = new Set(shown.filter(({ value }) => value === HIDDEN).map(({ name }) => name));
  const more = shown.length > MAX_ARGUMENTS ? [`… and ${shown.length - MAX_ARGUMENTS} more arguments`] : [];
  return given.mask(
    [
      `${plan.method} ${originOf(plan.url)}${pathOf(tool, plan.url, hidden)}`,
      `${cleanText(tool.title)} (${tool.name}, ${tool.api})`,
      ...shown
        .slice(0, MAX_ARGUMENTS)
        .map(({ name, value }) => `- ${name}: ${shorten(JSON.stringify(value) ?? 'undefined')}`),
      ...more,
    ].join('\n'),
  );
}

/** With the values of its parameters; as the document writes it when one of them is hidden. */
function pathOf({ request, bindings }: Tool, url: string, hidden: ReadonlySet<string>): string {
  const { pathname } = new URL(url);
  const secret = bindings.some(
    ({ argument, target }) =>
      hidden.has(argument) && target.kind === 'parameter' && request.parameters[target.index]!.in === 'path',
  );
  if (!secret) return pathname;
  const base = pathname.split('/').slice(0, 1 - request.path.split('/').length);
  return base.join('/') + request.path;
}

const SECRET_NAME =
  /pass(?:word|wd|phrase|code)|secret|(?:^|[_-])(?:access|auth|bearer|id|refresh|api)?[_-]?token$|api[_-]?key|private[_-]?key|credential|^authorization$/i;

/** By what the schema says, and by names that leave no doubt; inside objects and arrays too. */
function withoutSecrets(name: string, value: unknown, schema: JsonSchema | undefined, depth = 0): unknown {
  if (value === null || depth > 8) return value;
  if (schema?.['format'] === 'password' || schema?.['writeOnly'] === true || SECRET_NAME.test(name)) return HIDDEN;
  if (typeof value === 'string') return cleanText(value) === value ? value : cleanText(value);
  if (Array.isArray(value)) {
    const items = schema?.['items'] as JsonSchema | undefined;
    return value.slice(0, 50).map((item) => withoutSecrets('', item, items, depth + 1));
  }
  if (typeof value !== 'object') return value;
  const properties = schema?.['properties'] as { readonly [name: string]: JsonSchema } | undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      withoutSecrets(
        key,
        member,
        properties && Object.hasOwn(properties, key) ? properties[key] : undefined,
        depth + 1,
      ),
    ]),
  );
}

function shorten(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  return `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`;
}
