import { clashes, shortHash } from './names.ts';

/** Where the value of an argument goes; also the suffix that tells arguments of one name apart. */
export type ArgumentPlace = 'path' | 'query' | 'header' | 'cookie' | 'querystring' | 'body';

export interface NamedInput {
  /** The API's own name. */
  readonly name: string;
  readonly place: ArgumentPlace;
}

const MAX_LENGTH = 64;

/**
 * An argument name for each input, in order: the API's own name where models can say it (`[A-Za-z_][A-Za-z0-9_]{0,63}`),
 * else the nearest such name (`$top` → `top`, `filter[name]` → `filter_name`). Names that clash gain their place
 * (`id_path`, `id_body`); names that still clash gain a hash of the API's name. Never parsed back: see `Binding`.
 */
export function nameArguments(inputs: readonly NamedInput[]): string[] {
  const names = inputs.map(({ name, place }) => alias(name, place));
  distinguish(names, (index) => cut(`${names[index]}_${inputs[index]!.place}`, inputs[index]!.name));
  distinguish(names, (index) =>
    cut(`${names[index]}_${shortHash(`${inputs[index]!.place} ${inputs[index]!.name}`)}`, inputs[index]!.name),
  );
  return names;
}

function distinguish(names: string[], rename: (index: number) => string): void {
  const renamed = clashes(names).map((index) => [index, rename(index)] as const);
  for (const [index, name] of renamed) names[index] = name;
}

function alias(name: string, place: ArgumentPlace): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== '__proto__') return cut(name, name);
  const words = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '');
  if (words === '') return `${place}_`;
  return cut(/^[A-Za-z]/.test(words) ? words : `_${words}`, name);
}

function cut(alias: string, name: string): string {
  return alias.length <= MAX_LENGTH ? alias : `${alias.slice(0, MAX_LENGTH - 9)}_${shortHash(name)}`;
}
