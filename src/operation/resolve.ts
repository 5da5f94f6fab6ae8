import type { JsonObject } from '../spec/types.ts';
import { asObject, type Reading } from './reading.ts';

/** The object itself, or what its `$ref` leads to; undefined when that is no object. */
export function resolveObject(reading: Reading, written: unknown): JsonObject | undefined {
  const object = asObject(written);
  const ref = object?.['$ref'];
  return typeof ref === 'string' ? asObject(reading.spec.references.resolve(ref)?.node) : object;
}
