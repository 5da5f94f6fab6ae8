import { ASKABLE, type ServerInput } from '../call/server-input.ts';

export type Capabilities = { readonly [capability: string]: unknown } | undefined;

/** What the client could be asked by a server behind the bridge: undefined when that is nothing. */
export function askableOf(capabilities: Capabilities): ServerInput['capabilities'] | undefined {
  const askable = ASKABLE.filter((name) => capabilities?.[name] !== undefined);
  return askable.length === 0 ? undefined : Object.fromEntries(askable.map((name) => [name, capabilities?.[name]]));
}
