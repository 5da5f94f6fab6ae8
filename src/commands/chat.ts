import { type Json, listOf, recordOf, textOf } from '../chat/lenient.ts';
import { BridgeError } from '../errors.ts';
import { type ChatEnd, openChatEnd } from './chat-end.ts';
import { type ChatScreen, takeTurn } from './chat-turn.ts';
import type { Command } from './table.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const HELP = 'Commands: /new begins anew, /tools lists the tools, /exit ends. Anything else is for the model.';

/**
 * `actionbridge chat [spec...] --upstream URL --model NAME`: a chat in the terminal with our tools, or with those of a running proxy
 * (`--proxy URL`). The answer goes to stdout, everything else to stderr.
 */
export const chat: Command = async ({ words, flags }) => {
  const end = await openChatEnd(words, flags);
  try {
    const model = typeof flags['model'] === 'string' ? flags['model'] : await onlyModel(end);
    const terminal = openTerminal();
    const talk = createTalk({ end, model, terminal, system: flags['system'] as string | undefined });
    if (typeof flags['message'] === 'string') await talk.say(flags['message']);
    else await converse(talk, { terminal, end, model });
    return 0;
  } finally {
    await end.close();
  }
};

interface Talk {
  say(text: string): Promise<void>;
  restart(): void;
}

function createTalk(given: { end: ChatEnd; model: string; terminal: Terminal; system: string | undefined }): Talk {
  const { end, model, terminal, system } = given;
  const screen = createScreen(terminal);
  let history: Json[] = [];

  async function exchange(input: readonly Json[]): Promise<void> {
    const body = { model, input: [...history, ...input], ...(system === undefined ? {} : { instructions: system }) };
    const { output, approvals } = await takeTurn(end.send, body, screen);
    history = [...history, ...input, ...output];
    if (approvals.length > 0) await exchange(await decide(approvals, terminal));
  }

  return {
    say: (text) => exchange([{ type: 'message', role: 'user', content: text }]),
    restart() {
      history = [];
    },
  };
}

/** The notice before has shown what would be sent. */
async function decide(approvals: readonly Json[], terminal: Terminal): Promise<Json[]> {
  const answers: Json[] = [];
  for (const { id, name } of approvals) {
    const answer = await terminal.ask(`Call ${textOf(name)}? [y/N] `);
    answers.push({
      type: 'mcp_approval_response',
      approval_request_id: id,
      approve: /^y(?:es)?$/i.test(answer.trim()),
    });
  }
  return answers;
}

async function converse(
  talk: Talk,
  { terminal, end, model }: { terminal: Terminal; end: ChatEnd; model: string },
): Promise<void> {
  terminal.say(`${model}, ${end.describe()}. ${HELP}`);
  for (;;) {
    const line = await nextLine(terminal);
    if (line === undefined || line === '/exit') return;
    if (line === '/new') talk.restart();
    else if (line === '/tools') terminal.say(end.tools().join('\n') || 'The proxy does not tell its tools.');
    else if (line.startsWith('/')) terminal.say(HELP);
    else if (line !== '') await sayAndGoOn(talk, line, terminal);
  }
}

/** A turn that failed ends the turn, not the chat. */
async function sayAndGoOn(talk: Talk, line: string, terminal: Terminal): Promise<void> {
  try {
    await talk.say(line);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    if (!terminal.interactive) throw error;
    terminal.say(`${error.message}\n${error.hint}`);
  }
}

/** Undefined: the person has gone, or what was piped in is at its end. */
async function nextLine(terminal: Terminal): Promise<string | undefined> {
  try {
    return (await terminal.ask('> ')).trim();
  } catch (error) {
    if (error instanceof BridgeError && (error.code === 'CANCELLED' || error.code === 'USAGE')) return undefined;
    throw error;
  }
}

function createScreen(terminal: Terminal): ChatScreen {
  const dim = (line: string) => (process.stderr.isTTY ? `\u001b[2m${line}\u001b[22m` : line);
  return {
    text: (piece) => void process.stdout.write(piece.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')),
    note: (line) => terminal.say(dim(line)),
  };
}

/** The provider's only model. Throws USAGE with the choice when there are several. */
async function onlyModel(end: ChatEnd): Promise<string> {
  const answer = await end.models();
  const refused = textOf(recordOf(answer['error'])['message']);
  if (refused !== '') throw new BridgeError('UPSTREAM_FAILED', refused);
  const models = listOf(answer['data']).map((model) => textOf(recordOf(model)['id']));
  if (models.length === 1) return models[0]!;
  const some = models.slice(0, 20).join(', ');
  throw new BridgeError('USAGE', 'No model was given', {
    hint:
      models.length === 0
        ? 'Give one with --model NAME.'
        : `Give one with --model NAME. There are ${some}${models.length > 20 ? ', …' : ''}`,
  });
}
