import { createReferences } from '../spec/references.ts';
import { asObject } from './reading.ts';
import { createSchemaConverter, type SchemaConverter } from './schema.ts';

/**
 * A converter for a JSON Schema that stands alone (any draft), by the rules for schemas of documents: references within it
 * are followed, what leads outside accepts anything.
 */
export function createAloneConverter(schema: unknown, direction: 'request' | 'response' = 'request'): SchemaConverter {
  return createSchemaConverter(createReferences(asObject(schema) ?? {}), () => undefined, direction);
}
