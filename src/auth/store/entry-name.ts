import type { StoreKey } from './types.ts';

/** One name per entry, the same on every machine. */
export function entryName({ api, scheme, principal }: StoreKey): string {
  return JSON.stringify(principal === undefined ? [api, scheme] : [api, scheme, principal]);
}
