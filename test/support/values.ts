type Schema = { readonly [keyword: string]: unknown };

/** A number from 0 to `below - 1`. */
export type Choose = (below: number) => number;

const MAX_DEPTH = 4;
/** Values within a value, and levels: where they are not enough, what is required requires itself. */
const MAX_PLACES = 300;
const ENDLESS = 12;
const STRINGS = [
  ...['', 'a', 'b', 'abc', 'x', 'no', 'only', '(empty)', '2026-01-31'],
  ...['{}', '[]', '{"a":"b"}', '["a",{"b":1}]', 'null', '1', '"a"', '{"label":"a"}'],
];

/** The same choices for the same seed (a linear congruential generator). */
export function chooser(seed: number): Choose {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * A value that a model bound to `root` may give: JSON Schema, or Gemini's form of it. Bounds, lengths, enums and what is
 * required are kept; a pattern is met by text of its alphabet.
 */
export function exampleOf(root: Schema, choose: Choose): unknown {
  let places = 0;
  return value(root, 0);

  function value(schema: Schema, depth: number): unknown {
    const { $ref, anyOf } = schema as { $ref?: string; anyOf?: Schema[] };
    if (++places > MAX_PLACES || depth > ENDLESS) return undefined;
    if (typeof $ref === 'string') return value(definition($ref), depth + 1);
    if (schema['nullable'] === true && choose(4) === 0) return null;
    return anyOf ? value(branch(anyOf, depth), depth) : typed(schema, depth);
  }

  function definition(reference: string): Schema {
    const steps = reference.split('/').slice(1);
    const decoded = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    return decoded.reduce<unknown>((node, step) => (node as Schema)[step], root) as Schema;
  }

  function among<Item>(list: readonly Item[]): Item {
    return list[choose(list.length)]!;
  }

  /** A simple branch, deep down, so that recursion ends. */
  function branch(branches: readonly Schema[], depth: number): Schema {
    const simple = branches.filter(({ type }) => typeof type === 'string' && !isDeep(type));
    return among(depth > MAX_DEPTH && simple.length > 0 ? simple : branches);
  }

  function typed(schema: Schema, depth: number): unknown {
    if (Array.isArray(schema['enum'])) return among(schema['enum'] as unknown[]);
    if ('const' in schema) return schema['const'];
    const types = [schema['type'] ?? ['string', 'integer', 'object', 'null']].flat() as string[];
    const simple = types.filter((type) => !isDeep(type));
    return ofType(among(depth > MAX_DEPTH && simple.length > 0 ? simple : types).toLowerCase(), schema, depth);
  }

  function ofType(type: string, schema: Schema, depth: number): unknown {
    switch (type) {
      case 'string':
        return text(schema);
      case 'integer':
      case 'number':
        return number(schema);
      case 'boolean':
        return choose(2) === 0;
      case 'null':
        return null;
      case 'array':
        return array(schema, depth);
      default:
        return object(schema, depth);
    }
  }

  function text(schema: Schema): string {
    const least = Number(schema['minLength'] ?? 0);
    const most = Number(schema['maxLength'] ?? Number.POSITIVE_INFINITY);
    if (typeof schema['pattern'] === 'string') return among(['a', 'ab', 'abc']);
    if (schema['format'] === 'date') return '2026-01-31';
    return among(STRINGS.filter(({ length }) => length >= least && length <= most));
  }

  function number(schema: Schema): number {
    const step = Number(schema['multipleOf'] ?? 1);
    const least = Math.ceil(
      Math.max(Number(schema['minimum'] ?? -9), Number(schema['exclusiveMinimum'] ?? -10) + 1) / step,
    );
    const most = Math.floor(
      Math.min(Number(schema['maximum'] ?? 9), Number(schema['exclusiveMaximum'] ?? 10) - 1) / step,
    );
    return (least + choose(most - least + 1)) * step;
  }

  function array(schema: Schema, depth: number): unknown[] {
    const tuple = (schema['prefixItems'] as Schema[] | undefined) ?? [];
    if (tuple.length > 0) return tuple.map((place) => value(place, depth + 1));
    const items = typeof schema['items'] === 'object' ? (schema['items'] as Schema) : {};
    const length = Number(schema['minItems'] ?? 0) + (depth > MAX_DEPTH ? 0 : choose(3));
    return Array.from({ length }, () => value(items, depth + 1));
  }

  function object(schema: Schema, depth: number): object {
    const required = (schema['required'] as string[] | undefined) ?? [];
    const members = Object.entries((schema['properties'] as { [name: string]: Schema } | undefined) ?? {});
    const given = members.filter(([name]) => required.includes(name) || (depth <= MAX_DEPTH && choose(2) === 0));
    const named = given.map(([name, inner]): [string, unknown] => [name, value(inner, depth + 1)]);
    const { additionalProperties: others } = schema;
    const isMap = typeof others === 'object' && others !== null && depth <= MAX_DEPTH;
    const extra = isMap
      ? Array.from({ length: choose(3) }, (_, index): [string, unknown] => [
          `key${index}`,
          value(others as Schema, depth + 1),
        ])
      : [];
    return Object.fromEntries([...named, ...extra]);
  }
}

function isDeep(type: string): boolean {
  return /^(?:object|array)$/i.test(type);
}
