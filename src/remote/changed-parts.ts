import type { Offer, Part } from './types.ts';

/** What a client has to be told of; everything, where there was nothing before. */
export function changedParts(before: Offer | undefined, next: Offer): readonly Part[] {
  const differ = (...members: readonly (keyof Offer)[]) =>
    members.some((member) => JSON.stringify(before?.[member] ?? []) !== JSON.stringify(next[member]));
  return [
    ...(differ('tools') ? (['tools'] as const) : []),
    ...(differ('resources', 'templates') ? (['resources'] as const) : []),
    ...(differ('prompts') ? (['prompts'] as const) : []),
  ];
}
