// What Anthropic refuses in an `input_schema`: "JSON schema is invalid. It must match JSON Schema draft 2020-12", "does not
// support oneOf, allOf, or anyOf at the top level", "Property keys should match pattern". Written without any code of src/.
import { Ajv2020 } from 'ajv/dist/2020.js';

const COMBINATORS = ['anyOf', 'oneOf', 'allOf', 'not', 'if', 'enum', '$ref'];
const MEMBER_NAME = /^[a-zA-Z0-9_.-]{1,64}$/;
let ajv;
/** Keywords whose values are data. */
const DATA = ['const', 'enum', 'default', 'examples'];

/**
 * @param {object} schema
 * @returns {string[]} what is wrong; empty when it is legal
 */
export function checkAnthropic(schema) {
  const problems = [];
  if (schema.type !== 'object') problems.push('the root is no object');
  for (const keyword of COMBINATORS) if (keyword in schema) problems.push(`the root has ${keyword}`);
  ajv ??= new Ajv2020({ strict: false, logger: false });
  if (!ajv.validateSchema(schema)) problems.push(ajv.errorsText());
  visit(schema, false);
  return problems;

  function visit(node, isMap) {
    if (typeof node !== 'object' || node === null) return;
    if (!isMap && typeof node.$ref === 'string' && find(node.$ref) === undefined)
      problems.push(`${node.$ref} leads nowhere`);
    for (const [key, inner] of Object.entries(node)) {
      if (isMap && !MEMBER_NAME.test(key)) problems.push(`the member ${JSON.stringify(key)}`);
      if (isMap || !DATA.includes(key)) visit(inner, !isMap && !Array.isArray(node) && key === 'properties');
    }
  }

  function find(reference) {
    const steps = reference.split('/').slice(1);
    return steps.reduce((node, step) => node?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], schema);
  }
}
