import type { JsonSchema } from './types.ts';

const ONE = ['items', 'additionalProperties', 'unevaluatedProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'];
const LISTS = ['anyOf', 'allOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', 'dependentSchemas'];

/** `schema` with `change` applied to each schema directly inside it; the same object when nothing changed. Data (enum, const, default) is never entered. */
export function mapSubschemas(schema: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  let copy: JsonSchema | undefined;
  const put = (keyword: string, value: unknown) => {
    copy ??= { ...schema };
    copy[keyword] = value;
  };
  for (const keyword of Object.keys(schema)) {
    const value = schema[keyword];
    if (typeof value !== 'object' || value === null) continue;
    if (ONE.includes(keyword)) {
      const changed = change(value as JsonSchema);
      if (changed !== value) put(keyword, changed);
    } else if (LISTS.includes(keyword)) {
      const changed = (value as JsonSchema[]).map(change);
      if (changed.some((inner, index) => inner !== (value as JsonSchema[])[index])) put(keyword, changed);
    } else if (MAPS.includes(keyword)) {
      const changed = mapValues(value as { [name: string]: JsonSchema }, change);
      if (changed !== value) put(keyword, changed);
    }
  }
  return copy ?? schema;
}

/** Calls `visit` for each schema directly inside. */
export function eachSubschema(schema: JsonSchema, visit: (inner: JsonSchema) => void): void {
  for (const keyword of Object.keys(schema)) {
    const value = schema[keyword];
    if (typeof value !== 'object' || value === null) continue;
    if (ONE.includes(keyword)) visit(value as JsonSchema);
    else if (LISTS.includes(keyword)) for (const inner of value as JsonSchema[]) visit(inner);
    else if (MAPS.includes(keyword)) for (const inner of Object.values(value as { [name: string]: JsonSchema })) visit(inner);
  }
}

function mapValues(map: { [name: string]: JsonSchema }, change: (inner: JsonSchema) => JsonSchema): { [name: string]: JsonSchema } {
  let copy: { [name: string]: JsonSchema } | undefined;
  for (const name of Object.keys(map)) {
    const changed = change(map[name]!);
    if (changed === map[name]) continue;
    copy ??= Object.assign(Object.create(null) as { [name: string]: JsonSchema }, map);
    copy[name] = changed;
  }
  return copy ?? map;
}
