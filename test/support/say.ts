type Schema = { readonly [keyword: string]: unknown };

/** What cannot be said. */
export const UNSAID = Symbol('unsaid');

/** How a model would say `value` under a strict schema: null for what is left out, JSON where the description asks for it. */
export function say(root: Schema, value: unknown): unknown {
  return visit(root, value);

  function visit(schema: Schema, given: unknown): unknown {
    const { $ref, anyOf } = schema as { $ref?: string; anyOf?: readonly Schema[] };
    if (typeof $ref === 'string') return visit((root['$defs'] as { [name: string]: Schema })[$ref.slice(8)]!, given);
    if (/JSON text: /.test(String(schema['description'] ?? '')) && !anyOf) return JSON.stringify(given);
    if (anyOf)
      return anyOf.map((branch) => visit(branch, given)).find((said) => said !== UNSAID) ?? sayNull(anyOf, given);
    if (Array.isArray(schema['enum'])) return schema['enum'].includes(given) ? given : UNSAID;
    return [schema['type']].flat().some((type) => hasType(given, type as string)) ? within(schema, given) : UNSAID;
  }

  function sayNull(branches: readonly Schema[], given: unknown): unknown {
    return given === null && branches.some(({ type }) => type === 'null') ? null : UNSAID;
  }

  function leftOut({ type, anyOf }: Schema): unknown {
    const types = [type, ...((anyOf as readonly Schema[] | undefined) ?? []).map((branch) => branch['type'])].flat();
    return types.includes('null') ? null : UNSAID;
  }

  function within(schema: Schema, given: unknown): unknown {
    if (Array.isArray(given)) {
      const items = given.map((item) => visit(schema['items'] as Schema, item));
      return items.includes(UNSAID) ? UNSAID : items;
    }
    return typeof given === 'object' && given !== null ? members(schema, given as Schema) : given;
  }

  function members(schema: Schema, given: Schema): unknown {
    const properties = schema['properties'] as { [name: string]: Schema };
    if (Object.keys(given).some((name) => !Object.hasOwn(properties, name))) return UNSAID;
    const said = Object.entries(properties).map(([name, inner]): [string, unknown] => [
      name,
      Object.hasOwn(given, name) ? visit(inner, given[name]) : leftOut(inner),
    ]);
    return said.some(([, each]) => each === UNSAID) ? UNSAID : Object.fromEntries(said);
  }
}

function hasType(value: unknown, type: string): boolean {
  if (value === null) return type === 'null';
  if (Array.isArray(value)) return type === 'array';
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}
