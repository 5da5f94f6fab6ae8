import { isDeepStrictEqual } from 'node:util';
import type { Scalar } from './shape.ts';
import type { Restore } from './types.ts';

/** Whether a value has the form that a dialect's schema asks for; assertions on single values are left out. */
export type Fits = (value: unknown) => boolean;

export interface RestoredMember {
  /** As the tool's own schema has it. */
  readonly name: string;
  readonly required: boolean;
  /** Null means that the member is left out. */
  readonly dropNull: boolean;
  readonly restore: Restore;
  readonly fits: Fits;
}

export type RestoredMembers = ReadonlyMap<string, RestoredMember>;

export const asIs: Restore = (value) => value;

type JsonObject = { [name: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names turned back, nulls that mean "left out" taken out; members that the dialect does not know stay. */
export function restoreObject(members: RestoredMembers): Restore {
  return (value) => {
    if (!isObject(value)) return value;
    const restored: JsonObject = Object.create(null);
    for (const [name, given] of Object.entries(value)) {
      const member = members.get(name);
      if (given === null && member?.dropNull) continue;
      restored[member?.name ?? name] = member ? member.restore(given) : given;
    }
    return { ...restored };
  };
}

export function fitsObject(members: RestoredMembers): Fits {
  return (value) =>
    isObject(value) &&
    [...members].every(([name, { required }]) => !required || Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, given]) => {
      const member = members.get(name);
      return member !== undefined && ((given === null && member.dropNull) || member.fits(given));
    });
}

export function restoreArray(restore: Restore): Restore {
  return restore === asIs ? asIs : (value) => (Array.isArray(value) ? value.map(restore) : value);
}

/** The first branch that the value fits says what it means. */
export function restoreUnion(branches: readonly { readonly restore: Restore; readonly fits: Fits }[]): Restore {
  if (branches.every(({ restore }) => restore === asIs)) return asIs;
  return (value) => branches.find(({ fits }) => fits(value))?.restore(value) ?? value;
}

/** Values by the text that stands for them. */
export function restoreEnum(texts: ReadonlyMap<string, Scalar>): Restore {
  if ([...texts].every(([text, value]) => text === value)) return asIs;
  return (value) => (typeof value === 'string' && texts.has(value) ? texts.get(value) : value);
}

/** JSON text as the value it stands for. Text that is no JSON, or JSON of a type that is not asked for, means itself. */
export function restoreJsonText(types: readonly string[] | undefined): Restore {
  return (value) => {
    if (typeof value !== 'string') return value;
    const parsed = parse(value);
    return parsed !== undefined && (!types || types.some((type) => hasType(parsed.value, type))) ? parsed.value : value;
  };
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

export function hasType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

export function fitsEnum(values: readonly unknown[]): Fits {
  return (value) => values.some((each) => isDeepStrictEqual(each, value));
}
