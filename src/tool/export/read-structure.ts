import type { JsonSchema } from '../types.ts';
import { flatten, isSchema } from './flatten.ts';
import { isNever, type Reading } from './reading.ts';
import type { Member, Notes, ObjectForm, Shape } from './shape.ts';

type StructureNotes = Notes & { readonly assertions: JsonSchema };

/** An object of named members; one without any is free-form, unless the schema says that there are no others. */
export function readObject(schema: JsonSchema, notes: StructureNotes, reading: Reading): Shape {
  const properties = propertiesOf(schema, reading.root);
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as string[]) : []);
  const others = othersOf(schema);
  const members: Member[] = [];
  for (const [name, property] of properties) {
    if (isNever(property) && !required.has(name)) continue;
    const place = `${notes.pointer}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    members.push({ name, required: required.has(name), shape: reading.read(property, place) });
  }
  for (const name of required) {
    if (properties.has(name) || others === 'closed') continue;
    members.push({ name, required: true, shape: reading.read(schema['additionalProperties'] ?? {}, notes.pointer) });
  }
  if (members.length === 0 && others !== 'closed') return { ...notes, kind: 'free', schema, types: ['object'] };
  return { ...notes, kind: 'object', members, others };
}

/** What a schema says of members that it does not name. */
export function othersOf(schema: JsonSchema): ObjectForm['others'] {
  if (schema['additionalProperties'] === false || schema['unevaluatedProperties'] === false) return 'closed';
  const says = ['additionalProperties', 'unevaluatedProperties', 'patternProperties'];
  return says.some((keyword) => schema[keyword] !== undefined) ? 'open' : 'unsaid';
}

/** Declared members, those that only a condition declares among them: closing the object must not take them away. */
function propertiesOf(schema: JsonSchema, root: JsonSchema): Map<string, unknown> {
  const dependent = isSchema(schema['dependentSchemas']) ? Object.values(schema['dependentSchemas']) : [];
  const conditional = [schema['then'], schema['else'], ...dependent].filter(isSchema);
  const maps = [schema, ...conditional.map((each) => flatten(root, each)?.schema)];
  const found = new Map<string, unknown>();
  for (const each of maps) {
    for (const [name, property] of Object.entries((each?.['properties'] as object | undefined) ?? {}))
      if (!found.has(name)) found.set(name, property);
  }
  return found;
}

/** An array of items of one kind; places that differ are free-form. */
export function readArray(schema: JsonSchema, notes: StructureNotes, reading: Reading): Shape {
  const places = Array.isArray(schema['items']) ? schema['items'] : schema['prefixItems'];
  const rest = Array.isArray(schema['items']) ? schema['additionalItems'] : schema['items'];
  if (!Array.isArray(places))
    return { ...notes, kind: 'array', items: reading.read(rest ?? {}, `${notes.pointer}/items`) };
  const texts = new Set([...places, ...(isSchema(rest) ? [rest] : [])].map((place) => JSON.stringify(place)));
  if (texts.size > 1) return { ...notes, kind: 'free', schema, types: ['array'] };
  const most = rest === false ? { maxItems: places.length } : {};
  return {
    ...notes,
    kind: 'array',
    items: reading.read(places[0], `${notes.pointer}/prefixItems/0`),
    assertions: { ...most, ...notes.assertions },
  };
}
