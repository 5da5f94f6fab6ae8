import type { JsonSchema } from './types.ts';

/** Keywords that hold one schema, a list of schemas, or a map of them (JSON Schema 2020-12 core §10–11). */
const KINDS = new Map<string, 'one' | 'list' | 'map'>([
  ...[
    'items',
    'additionalProperties',
    'unevaluatedProperties',
    'not',
    'if',
    'then',
    'else',
    'contains',
    'propertyNames',
  ].map((keyword) => [keyword, 'one'] as const),
  ...['anyOf', 'allOf', 'prefixItems'].map((keyword) => [keyword, 'list'] as const),
  ...['properties', 'patternProperties', 'dependentSchemas'].map((keyword) => [keyword, 'map'] as const),
]);

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
    const kind = KINDS.get(keyword);
    if (kind === 'one') {
      const changed = change(value as JsonSchema);
      if (changed !== value) put(keyword, changed);
    } else if (kind === 'list') {
      const changed = (value as JsonSchema[]).map(change);
      if (changed.some((inner, index) => inner !== (value as JsonSchema[])[index])) put(keyword, changed);
    } else if (kind === 'map') {
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
    const kind = KINDS.get(keyword);
    if (kind === 'one') visit(value as JsonSchema);
    else if (kind === 'list') for (const inner of value as JsonSchema[]) visit(inner);
    else if (kind === 'map') for (const inner of Object.values(value as { [name: string]: JsonSchema })) visit(inner);
  }
}

function mapValues(
  map: { [name: string]: JsonSchema },
  change: (inner: JsonSchema) => JsonSchema,
): { [name: string]: JsonSchema } {
  let copy: { [name: string]: JsonSchema } | undefined;
  for (const name of Object.keys(map)) {
    const changed = change(map[name]!);
    if (changed === map[name]) continue;
    copy ??= Object.assign(Object.create(null) as { [name: string]: JsonSchema }, map);
    copy[name] = changed;
  }
  return copy ?? map;
}
