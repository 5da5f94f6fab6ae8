import { BridgeError } from '../errors.ts';
import type { Command } from './table.ts';

/** What a document may be checked for besides being served, each with a report of its own. */
const PROFILES: { readonly [name: string]: () => Promise<Command> } = {
  'gpt-actions': async () => (await import('./check-gpt-actions.ts')).checkGptActions,
};

/** The profile that is asked for; undefined when none is. Throws USAGE for one that is none, and for options that only a profile has. */
export function profileOf(flags: { readonly [name: string]: unknown }): (() => Promise<Command>) | undefined {
  const { profile, fix, out } = flags;
  if (profile === undefined) {
    if (fix === undefined && out === undefined) return undefined;
    throw new BridgeError('USAGE', `--${fix === undefined ? 'out' : 'fix'} needs --profile gpt-actions`);
  }
  const name = String(profile);
  if (Object.hasOwn(PROFILES, name)) return PROFILES[name];
  throw new BridgeError('USAGE', `--profile ${name} is not one of ${Object.keys(PROFILES).join(', ')}`);
}
