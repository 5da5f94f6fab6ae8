import type { InputSchema, Tool } from './types.ts';

/** `never`, before calls that have consequences, or before every call. */
export const CONFIRM_WHEN = ['never', 'consequential', 'always'] as const;
export type ConfirmWhen = (typeof CONFIRM_WHEN)[number];

/** What becomes of a call about which nobody can be asked. `two-step`: it takes a second call that carries a token. */
export type CannotAsk = 'refuse' | 'allow' | 'two-step';

/** What an operator wrote for the whole bridge, one API or one tool; what is absent is inherited. */
export interface ConfirmationRule {
  readonly ask?: ConfirmWhen;
  readonly cannotAsk?: CannotAsk;
}

/** A person is asked before the tool is called. */
export interface ToolConfirmation {
  /** The person may say that calls of this tool need no more asking. */
  readonly rememberable: boolean;
  readonly cannotAsk: CannotAsk;
  /** The argument for the token of the second step: the bridge's own, never sent upstream. */
  readonly argument: string;
}

export interface ConfirmationRules {
  readonly bridge?: ConfirmationRule | undefined;
  readonly api?: ConfirmationRule | undefined;
  readonly tool?: ConfirmationRule | undefined;
}

/**
 * Whether calls of the tool are asked about; undefined when they are not. The flag's three states are ChatGPT's: `true` asks
 * each time, `false` takes the question away, and where it is absent everything that does not only read is asked about.
 * What an operator has said to ask about always, and what is marked `true`, never goes out unasked unless an operator says so.
 */
export function confirmationOf(tool: Tool, rules: ConfirmationRules): ToolConfirmation | undefined {
  const { consequential } = tool.request;
  const ask = rules.tool?.ask ?? rules.api?.ask ?? rules.bridge?.ask ?? 'consequential';
  const asked = ask === 'always' || (ask === 'consequential' && (consequential ?? !tool.hints.readOnly));
  if (!asked) return undefined;
  const cannotAsk = rules.tool?.cannotAsk ?? rules.api?.cannotAsk ?? rules.bridge?.cannotAsk;
  return {
    rememberable: consequential !== true && rules.tool?.ask !== 'always',
    cannotAsk: cannotAsk ?? (consequential === true || ask === 'always' ? 'two-step' : 'allow'),
    argument: freeArgument(tool.input),
  };
}

/** The tool with its confirmation, or without one. */
export function withConfirmation(tool: Tool, rules: ConfirmationRules): Tool {
  const confirmation = confirmationOf(tool, rules);
  if (confirmation) return { ...tool, confirmation };
  if (!tool.confirmation) return tool;
  const { confirmation: _, ...without } = tool;
  return without;
}

/** The schema that clients are shown: with the token's argument, which a client that checks arguments would refuse otherwise. */
export function listedInput({ input, confirmation }: Tool): InputSchema {
  if (confirmation?.cannotAsk !== 'two-step') return input;
  return { ...input, properties: { ...input.properties, [confirmation.argument]: { ...TOKEN_SCHEMA } } };
}

/** What a call has besides the arguments of the tool: the token of a second step, which no API knows. */
export function takeToken(
  { confirmation }: Tool,
  args: unknown,
): { readonly args: unknown; readonly token: string | undefined } {
  const name = confirmation?.argument;
  if (name === undefined || typeof args !== 'object' || args === null || !Object.hasOwn(args, name))
    return { args, token: undefined };
  const { [name]: given, ...rest } = args as { readonly [name: string]: unknown };
  const token = typeof given === 'string' ? given.trim() : '';
  return { args: rest, token: token === '' ? undefined : token };
}

const TOKEN_SCHEMA = {
  type: 'string',
  maxLength: 200,
  description:
    'Leave this out at first. When the answer is CONFIRMATION_REQUIRED, ask the person, and if they agree call again with the same arguments and the token from that answer here.',
} as const;

const ARGUMENT = '_confirmation';

/** An API may declare an argument of the same name. */
function freeArgument({ properties }: InputSchema): string {
  let name = ARGUMENT;
  while (Object.hasOwn(properties, name)) name += '_';
  return name;
}
