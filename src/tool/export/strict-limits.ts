import type { JsonSchema } from '../types.ts';
import { isSchema } from './flatten.ts';

/** Structured Outputs, "Objects have limitations on nesting depth and size", as of November 2026. */
const LIMITS = {
  properties: 5_000,
  depth: 10,
  characters: 120_000,
  enumValues: 1_000,
  longEnum: 250,
  longEnumCharacters: 15_000,
};

interface Totals {
  properties: number;
  characters: number;
  enumValues: number;
  longEnum: number;
}

/** What a strict schema has too much of; empty when OpenAI takes it. */
export function strictLimits(schema: JsonSchema): readonly string[] {
  const totals: Totals = { properties: 0, characters: 0, enumValues: 0, longEnum: 0 };
  count(schema, totals);
  const depth = depthOf(schema, schema, new Set());
  const all: readonly (readonly [number, number, string])[] = [
    [totals.properties, LIMITS.properties, 'properties'],
    [depth, LIMITS.depth, 'levels'],
    [totals.characters, LIMITS.characters, 'characters of names, enums and constants'],
    [totals.enumValues, LIMITS.enumValues, 'enum values'],
    [totals.longEnum, LIMITS.longEnumCharacters, `characters in an enum of more than ${LIMITS.longEnum} values`],
  ];
  return all
    .filter(([found, limit]) => found > limit)
    .map(([found, limit, what]) => `${found} ${what} of at most ${limit}`);
}

function count(schema: JsonSchema, totals: Totals): void {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const definitions = isSchema(schema['$defs']) ? schema['$defs'] : {};
  totals.properties += Object.keys(properties).length;
  for (const name of [...Object.keys(properties), ...Object.keys(definitions)]) totals.characters += name.length;
  if (Array.isArray(schema['enum'])) countEnum(schema['enum'], totals);
  for (const inner of children(schema)) count(inner, totals);
}

function countEnum(values: readonly unknown[], totals: Totals): void {
  const characters = values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
  totals.characters += characters;
  totals.enumValues += values.length;
  if (values.length > LIMITS.longEnum) totals.longEnum = Math.max(totals.longEnum, characters);
}

/** Levels of objects and arrays, references followed until they come back. */
function depthOf(schema: JsonSchema, root: JsonSchema, open: ReadonlySet<string>): number {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const definition = (root['$defs'] as { [name: string]: JsonSchema })[reference.slice('#/$defs/'.length)];
    return open.has(reference) || !definition ? 0 : depthOf(definition, root, new Set([...open, reference]));
  }
  const inner = children(schema, false).map((child) => depthOf(child, root, open));
  return (schema['type'] === 'object' || schema['type'] === 'array' ? 1 : 0) + Math.max(0, ...inner);
}

function children(schema: JsonSchema, withDefinitions = true): JsonSchema[] {
  const maps = [schema['properties'], ...(withDefinitions ? [schema['$defs']] : [])].filter(isSchema);
  return [
    ...maps.flatMap((map) => Object.values(map)),
    ...(Array.isArray(schema['anyOf']) ? schema['anyOf'] : []),
    schema['items'],
  ].filter(isSchema);
}
