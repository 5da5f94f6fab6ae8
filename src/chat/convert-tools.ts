import { type Json, listOf, recordOf, without } from './lenient.ts';
import { badRequest } from './openai-error.ts';

/** Tools of a chat request as Responses has them. */
export function toolsToResponses(tools: unknown): Json[] {
  return listOf(tools)
    .map(recordOf)
    .map((tool) => {
      if (tool['type'] === 'custom') return { type: 'custom', ...customToResponses(recordOf(tool['custom'])) };
      // Chat functions are not strict unless they say so; in Responses it is the other way round.
      return { type: 'function', strict: false, ...recordOf(tool['function']) };
    });
}

function customToResponses(custom: Json): Json {
  const format = recordOf(custom['format']);
  return format['type'] === 'grammar'
    ? { ...custom, format: { type: 'grammar', ...recordOf(format['grammar']) } }
    : custom;
}

/** Tools of a Responses request as Chat has them. Throws RequestFailed for tools that the provider itself would have to run. */
export function toolsToChat(tools: unknown): Json[] {
  return listOf(tools)
    .map(recordOf)
    .map((tool, index) => {
      const inner = without(tool, 'type');
      if (tool['type'] === 'function') return { type: 'function', function: inner };
      if (tool['type'] === 'custom') return { type: 'custom', custom: customToChat(inner) };
      throw badRequest(
        `The model provider speaks only Chat Completions, which has no tools of type ${JSON.stringify(tool['type'])}`,
        `tools[${index}].type`,
      );
    });
}

function customToChat(custom: Json): Json {
  const { type, ...grammar } = recordOf(custom['format']);
  return type === 'grammar' ? { ...custom, format: { type, grammar } } : custom;
}

/** `tool_choice` of Chat as Responses writes it. */
export function choiceToResponses(choice: unknown): unknown {
  const { type, ...rest } = recordOf(choice);
  if (type === 'function' || type === 'custom') return { type, ...recordOf(rest[type]) };
  if (type !== 'allowed_tools') return choice;
  const { mode, tools } = recordOf(rest['allowed_tools']);
  return { type, mode, tools: listOf(tools).map(choiceToResponses) };
}

/** `tool_choice` of Responses as Chat writes it. */
export function choiceToChat(choice: unknown): unknown {
  const { type, ...rest } = recordOf(choice);
  if (type === 'function' || type === 'custom') return { type, [type]: rest };
  if (type !== 'allowed_tools') return choice;
  return { type, allowed_tools: { mode: rest['mode'], tools: listOf(rest['tools']).map(choiceToChat) } };
}

/**
 * A choice for the turns after the first: a forced call would be made for ever. What the client allows stays allowed.
 */
export function releaseChoice(choice: unknown): unknown {
  if (choice === 'required' || choice === 'any') return 'auto';
  const { type, mode, allowed_tools: allowed } = recordOf(choice);
  if (type !== 'allowed_tools') return type === undefined ? choice : 'auto';
  if (mode !== undefined) return { ...recordOf(choice), mode: 'auto' };
  return { type, allowed_tools: { ...recordOf(allowed), mode: 'auto' } };
}

/** The names of functions that a choice forces. */
export function forcedName(choice: unknown): string | undefined {
  const record = recordOf(choice);
  if (record['type'] !== 'function') return undefined;
  const name = record['name'] ?? recordOf(record['function'])['name'];
  return typeof name === 'string' ? name : undefined;
}
