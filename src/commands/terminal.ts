import { createInterface } from 'node:readline/promises';
import { BridgeError } from '../errors.ts';

/** The person at the other end, or whatever is piped in. Prompts go to stderr: stdout is for results. */
export interface Terminal {
  /** A person can answer. */
  readonly interactive: boolean;
  ask(prompt: string): Promise<string>;
  /** The same without echo. */
  askSecret(prompt: string): Promise<string>;
  /** Throws CANCELLED when a person gives up (Ctrl-C), USAGE when what is piped in has too few lines. */
  say(line: string): void;
}

/** stdin and stderr of the process. When stdin is no terminal, each answer is its next line. */
export function openTerminal(): Terminal {
  const { stdin, stderr } = process;
  const say = (line: string) => void stderr.write(`${line}\n`);
  if (stdin.isTTY) return { interactive: true, say, ask: askLine, askSecret: askHidden };
  let lines: Promise<string[]> | undefined;
  const next = async (prompt: string) => {
    lines ??= readLines();
    const line = (await lines).shift();
    if (line === undefined)
      throw new BridgeError('USAGE', `${prompt.replace(/[:?] *$/, '')}: nothing is left on standard input`, {
        hint: 'Run it in a terminal, or pipe one line per answer.',
      });
    return line;
  };
  return { interactive: false, say, ask: next, askSecret: next };
}

async function readLines(): Promise<string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  return text === '' ? [] : text.split(/\r?\n/);
}

async function askLine(prompt: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const cancelled = new AbortController();
  reader.on('SIGINT', () => cancelled.abort());
  try {
    return (await reader.question(prompt, { signal: cancelled.signal })).trim();
  } catch (error) {
    throw cancelled.signal.aborted ? givenUp() : error;
  } finally {
    reader.close();
  }
}

/** Raw mode: the terminal shows nothing of what is typed. */
function askHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed = '';
    const finish = (outcome: () => void) => {
      stdin.off('data', read);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      outcome();
    };
    const read = (chunk: string) => {
      // Arrow keys and the like arrive as escape sequences.
      for (const character of chunk.replace(/\u001b\[[0-9;]*[A-Za-z~]/g, '')) {
        if (character === '\r' || character === '\n') return finish(() => resolve(typed.trim()));
        if (character === '\u0003' || character === '\u0004') return finish(() => reject(givenUp()));
        if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('');
        else if (character >= ' ') typed += character;
      }
    };
    stdin.on('data', read);
  });
}

function givenUp(): BridgeError {
  return new BridgeError('CANCELLED', 'The login was given up', { hint: 'Nothing was stored.' });
}
