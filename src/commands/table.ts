import type { Flags } from '../config/flags.ts';

/** What a command is given. `options` are its own flags; `flags` the shared ones. */
export interface CommandInput {
  readonly words: readonly string[];
  readonly flags: Flags & { readonly [name: string]: unknown };
}

/** Runs to the exit code: 0 good, 1 the work failed or findings of severity error, 2 bad usage or config. */
export type Command = (input: CommandInput) => Promise<number>;

/** Every command, each loaded when it is asked for. */
export const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  serve: async () => (await import('./serve.ts')).serve,
  tools: async () => (await import('./tools.ts')).tools,
  call: async () => (await import('./call.ts')).call,
  check: async () => (await import('./check.ts')).check,
  demo: async () => (await import('./demo.ts')).demo,
};
