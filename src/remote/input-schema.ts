import { createAloneConverter } from '../operation/json-schema.ts';
import { asObject } from '../operation/reading.ts';
import type { JsonSchema, SchemaConverter } from '../operation/schema.ts';
import { nameArguments } from '../tool/arguments.ts';
import { bundleInput } from '../tool/bundle.ts';
import type { Binding, InputSchema } from '../tool/types.ts';

export interface SafeInput {
  readonly input: InputSchema;
  readonly bindings: readonly Binding[];
}

const MAX_BRANCHES_DEPTH = 8;

/**
 * The input schema of a server's tool in the form every client accepts: an object at the root with no combinator beside it,
 * argument names that models can say, references within itself. It is never stricter than the server's own: what a
 * combinator at the root demands, and members that are not described, are left for the server to judge.
 */
export function safeInput(written: unknown): SafeInput {
  const converter = createAloneConverter(written);
  const root = converter.convertRoot(asObject(written) ?? {});
  const properties: { [name: string]: JsonSchema } = Object.create(null);
  collect(root, properties, converter, 0);
  const names = Object.keys(properties);
  const aliases = nameArguments(names.map((name) => ({ name, place: 'body' })));
  const required = new Set(root['required'] as string[] | undefined);
  const described: { [argument: string]: JsonSchema } = Object.create(null);
  for (const [index, name] of names.entries())
    described[aliases[index]!] = told(properties[name]!, name, aliases[index]!);
  const { schema } = bundleInput(
    described,
    aliases.filter((_, index) => required.has(names[index]!)),
    converter.component,
  );
  return {
    input: isClosed(root) ? schema : open(schema),
    bindings: names.map((name, index) => ({ argument: aliases[index]!, target: { kind: 'property', name } })),
  };
}

/** The properties of the root and of every branch of it; a name that several branches have may be what any of them says. */
function collect(
  schema: JsonSchema,
  into: { [name: string]: JsonSchema },
  converter: SchemaConverter,
  depth: number,
): void {
  for (const [name, property] of Object.entries((schema['properties'] ?? {}) as { [name: string]: JsonSchema })) {
    const known = into[name];
    into[name] =
      known === undefined || sameSchema(known, property) ? property : { anyOf: [...branchesOf(known), property] };
  }
  if (depth >= MAX_BRANCHES_DEPTH) return;
  for (const branch of [...listOf(schema['anyOf']), ...listOf(schema['allOf'])]) {
    const ref = branch['$ref'];
    collect(typeof ref === 'string' ? converter.component(ref) : branch, into, converter, depth + 1);
  }
}

function listOf(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? (value as JsonSchema[]) : [];
}

function sameSchema(first: JsonSchema, second: JsonSchema): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return Object.keys(schema).length === 1 && Array.isArray(schema['anyOf']) ? listOf(schema['anyOf']) : [schema];
}

/** Only a root that says so itself, and has no branch that could let more in. */
function isClosed(root: JsonSchema): boolean {
  const combined = ['anyOf', 'allOf', 'patternProperties', 'if'].some((keyword) => root[keyword] !== undefined);
  return root['additionalProperties'] === false && !combined;
}

function open({ additionalProperties: _, ...schema }: InputSchema): InputSchema {
  return schema as InputSchema;
}

function told(schema: JsonSchema, name: string, alias: string): JsonSchema {
  if (name === alias) return schema;
  const words = typeof schema['description'] === 'string' ? `${schema['description']} ` : '';
  return { ...schema, description: `${words}(server's name: ${JSON.stringify(name)})` };
}
