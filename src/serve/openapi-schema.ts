import type { JsonSchema } from '../tool/types.ts';

/** `components.schemas` of the document being made. */
export type Schemas = { [name: string]: JsonSchema };

/** The GPT editor's limit for descriptions of parameters. */
const MAX_DESCRIPTION = 700;
/** Values, not schemas. */
const DATA_KEYWORDS = new Set(['const', 'enum', 'default', 'example', 'examples']);

/** Their members' names are a document's own. */
const NAMED_SCHEMAS = new Set(['properties', 'patternProperties', 'dependentSchemas']);

/**
 * A tool's schema as part of an OpenAPI document: its `$defs` become components `<owner>_<name>`. The editor refuses
 * circular components, so the reference that closes a circle becomes a free-form object.
 */
export function hoistSchema(schema: JsonSchema, owner: string, schemas: Schemas): JsonSchema {
  const definitions = (schema['$defs'] ?? {}) as { readonly [name: string]: JsonSchema };

  function refer(reference: string, above: readonly string[]): JsonSchema {
    const name = reference.startsWith('#/$defs/') ? unescapePointer(reference.slice(8)) : undefined;
    const definition = name === undefined || !Object.hasOwn(definitions, name) ? undefined : definitions[name];
    if (name === undefined || definition === undefined || above.includes(name)) return freeForm();
    const component = `${owner}_${name.replace(/[^A-Za-z0-9._-]/g, '_')}`;
    if (!Object.hasOwn(schemas, component)) {
      schemas[component] = {};
      schemas[component] = convert(definition, [...above, name]);
    }
    return { $ref: `#/components/schemas/${component}` };
  }

  function convert(value: JsonSchema, above: readonly string[]): JsonSchema {
    if (typeof value['$ref'] === 'string') return refer(value['$ref'], above);
    const entries = Object.entries(value)
      .filter(([keyword]) => keyword !== '$defs' && keyword !== '$schema')
      .map(([keyword, member]) => [keyword, convertKeyword(keyword, member, above)]);
    return withShortDescription(Object.fromEntries(entries));
  }

  function convertKeyword(keyword: string, member: unknown, above: readonly string[]): unknown {
    if (DATA_KEYWORDS.has(keyword)) return member;
    if (!NAMED_SCHEMAS.has(keyword)) return convertMember(member, above);
    const named = Object.entries(member as { readonly [name: string]: unknown });
    return Object.fromEntries(named.map(([name, schema]) => [name, convertMember(schema, above)]));
  }

  function convertMember(member: unknown, above: readonly string[]): unknown {
    if (Array.isArray(member)) return member.map((item) => convertMember(item, above));
    return typeof member === 'object' && member !== null ? convert(member as JsonSchema, above) : member;
  }

  return convert(schema, []);
}

function freeForm(): JsonSchema {
  return { type: 'object', properties: {}, additionalProperties: true };
}

function withShortDescription(schema: JsonSchema): JsonSchema {
  const { description } = schema;
  if (typeof description !== 'string' || description.length <= MAX_DESCRIPTION) return schema;
  return { ...schema, description: `${description.slice(0, MAX_DESCRIPTION - 1).trimEnd()}…` };
}

/** RFC 6901 §4, in a URI fragment (§6). */
function unescapePointer(token: string): string {
  return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
}
