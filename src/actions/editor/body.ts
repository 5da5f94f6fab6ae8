import { own } from '../../spec/references.ts';
import type { Keys } from './finding.ts';
import type { CheckedOperation } from './operations.ts';
import { checkParameterText } from './parameters.ts';
import { asMap, checkSchema, component, followed, isObject } from './schemas.ts';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:;|$)/i;

/** A request body must be an object in JSON: its properties are arguments, beside the parameters. */
export function checkBody(checked: CheckedOperation, names: ReadonlySet<string>): { readonly failed: boolean } {
  const { operation, keys, where, components, schemas, say } = checked;
  const body = component(own(operation, 'requestBody'), components);
  if (asMap(body) === undefined) return { failed: false };
  const content = Object.entries(asMap(own(body, 'content')) ?? {});
  const json = content.find(([type]) => JSON_TYPE.test(type));
  if (!json) {
    const types = content.map(([type]) => type).join(', ') || 'nothing';
    say('gpt-body-type', [...keys, 'requestBody'], `${where}, the request body has no application/json, only ${types}`);
    return { failed: false };
  }
  const place = [...keys, 'requestBody', 'content', json[0], 'schema'];
  const written = own(json[1], 'schema');
  checkSchema(written, { keys: place, schemas, say });
  const schema = followed(written, schemas);
  if (!isObject(schema)) {
    say('gpt-body', place, `${where}, request body schema is not an object schema; skipping`);
    return { failed: true };
  }
  return { failed: !checkProperties(checked, schema, { place, names }) };
}

/** False when a property has the name of a parameter. */
function checkProperties(
  { where, say }: CheckedOperation,
  schema: unknown,
  { place, names }: { readonly place: Keys; readonly names: ReadonlySet<string> },
): boolean {
  let distinct = true;
  const properties = Object.entries(asMap(own(schema, 'properties')) ?? {});
  if (properties.length === 0 && own(schema, 'additionalProperties') !== false)
    say('gpt-free-form', place, `${where}, the request body declares no property`);
  for (const [name, property] of properties) {
    const keys = [...place, 'properties', name];
    checkParameterText({ where, say }, { name, node: property, keys });
    if (!names.has(name)) continue;
    say('gpt-parameter-twice', keys, `${where}, parameter ${name} is duplicated; skipping`);
    distinct = false;
  }
  return distinct;
}
