import { joinMessages } from './chat-reader.ts';
import { type Json, numberOf, recordOf, textOf } from './lenient.ts';

/** Members of a chat message in which providers tell what the model thought. */
const TEXTS = ['reasoning_content', 'reasoning', 'thinking'] as const;
/** OpenRouter's: a list whose pieces belong together by their `index`. */
const DETAILS = 'reasoning_details';

/** The reasoning of one round after the other, as a single message has it. */
export interface ReasoningJoiner {
  nextRound(): void;
  /** A message of the round, or a delta of one, as it continues what was said before. */
  join(message: Json): Json;
}

/**
 * A client gets one message for all rounds: its reasoning is that of all of them, as its text is. DeepSeek documents why none may be
 * lost ("Thinking Mode", Tool Calls): what the model thought before a tool call belongs to the turn, and whoever goes on with the turn
 * sends it back. A stream could not tell only the last round's either, because which one is the last is known when it has been told.
 */
export function createReasoningJoiner(): ReasoningJoiner {
  const before = new Set<string>();
  const now = new Set<string>();
  let first = 0;
  let next = 0;

  function paragraph(name: string, text: string): string {
    const isNew = before.has(name) && !now.has(name);
    now.add(name);
    return isNew ? `\n\n${text}` : text;
  }

  function numbered(detail: unknown): unknown {
    const index = numberOf(recordOf(detail)['index']);
    if (index === undefined) return detail;
    next = Math.max(next, first + index + 1);
    return first === 0 ? detail : { ...recordOf(detail), index: first + index };
  }

  return {
    nextRound() {
      for (const name of now) before.add(name);
      now.clear();
      first = next;
    },
    join(message) {
      const joined: { [name: string]: unknown } = { ...message };
      for (const name of TEXTS) if (textOf(message[name]) !== '') joined[name] = paragraph(name, textOf(message[name]));
      if (Array.isArray(message[DETAILS])) joined[DETAILS] = message[DETAILS].map(numbered);
      return joined;
    },
  };
}

/** The members of reasoning of whole messages, one a round. */
export function joinReasoning(messages: readonly Json[]): Json {
  const joiner = createReasoningJoiner();
  return messages.reduce<Json>((whole, message) => {
    joiner.nextRound();
    const said = Object.entries(joiner.join(message)).filter(
      ([name, value]) => isReasoning(name) && value !== null && value !== '',
    );
    return joinMessages(whole, Object.fromEntries(said));
  }, {});
}

function isReasoning(name: string): boolean {
  return name === DETAILS || (TEXTS as readonly string[]).includes(name);
}
