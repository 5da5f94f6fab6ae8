import { EXACT_EXTENSION } from '../../operation/exact.ts';
import { asParagraphs } from '../../operation/prose.ts';
import { appendKey } from '../../spec/references.ts';
import type { JsonSchema, Tool } from '../../tool/types.ts';
import { mapSubschemas } from '../../tool/walk-schema.ts';

export { EXACT_EXTENSION as EXTENSION };

/** A tool's input as it is, with references that lead to its definitions from the root of the exported document. */
export function exactInput({ name, input }: Tool): JsonSchema {
  const base = ['paths', `/api/${name}`, 'post', EXACT_EXTENSION, 'input'].reduce(appendKey, '#');
  const { $defs, ...root } = input as JsonSchema;
  const definitions = Object.entries(($defs ?? {}) as { readonly [name: string]: JsonSchema });
  const moved = move(root);
  if (definitions.length === 0) return moved;
  return { ...moved, $defs: Object.fromEntries(definitions.map(([key, schema]) => [key, move(schema)])) };

  function move(schema: JsonSchema): JsonSchema {
    if (typeof schema !== 'object' || schema === null) return schema;
    const ref = schema['$ref'];
    const inner = withParagraphs(mapSubschemas(schema, move));
    return typeof ref === 'string' && ref.startsWith('#/$defs/') ? { ...inner, $ref: base + ref.slice(1) } : inner;
  }
}

/** Descriptions as a document has them. */
export function withParagraphs(schema: JsonSchema): JsonSchema {
  const { description } = schema;
  if (typeof description !== 'string' || !description.includes('\n')) return schema;
  return { ...schema, description: asParagraphs(description) };
}
