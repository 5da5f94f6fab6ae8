import type { AskPerson } from '../call/question.ts';

/**
 * Who types a command has decided, so that nothing more is asked; with `--confirm` the person at the terminal is. Undefined
 * where there is nobody to ask.
 */
export function askInTerminal(confirm: unknown): AskPerson | undefined {
  if (confirm === undefined) return async () => ({ kind: 'accepted' });
  if (!process.stdin.isTTY) return undefined;
  return async ({ text }) => {
    const { openTerminal } = await import('./terminal.ts');
    const terminal = openTerminal();
    terminal.say(text);
    const answer = await terminal.ask('Send this request? [y/N] ');
    return { kind: /^y(es)?$/i.test(answer) ? 'accepted' : 'declined' };
  };
}
