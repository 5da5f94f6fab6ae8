// What OpenAI refuses in a strict schema, by its documentation (guides/structured-outputs, "Supported schemas") and the
// refusals its API and SDK are known for. Written without any code of src/.

const KEYWORDS = [
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', '$ref', '$defs', 'enum', 'const'],
  ...['title', 'description', 'pattern', 'format', 'multipleOf', 'minimum', 'maximum', 'exclusiveMinimum'],
  ...['exclusiveMaximum', 'minItems', 'maxItems'],
];
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'];
const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/**
 * @param {object} schema
 * @returns {string[]} what is wrong, each with its place; empty when it is legal
 */
export function checkStrict(schema) {
  const problems = [];
  const totals = { properties: 0, characters: 0, values: 0 };
  if (schema.type !== 'object') problems.push('the root is no object');
  if (schema.anyOf !== undefined) problems.push('the root is a union');
  visit(schema, '#', 0);
  if (totals.properties > 5_000) problems.push(`${totals.properties} properties`);
  if (totals.characters > 120_000) problems.push(`${totals.characters} characters`);
  if (totals.values > 1_000) problems.push(`${totals.values} enum values`);
  return problems;

  function visit(node, place, level) {
    const say = (what) => problems.push(`${place}: ${what}`);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return say('is no schema');
    for (const keyword of Object.keys(node)) if (!KEYWORDS.includes(keyword)) say(`has "${keyword}"`);
    if (node.$defs !== undefined && place !== '#') say('has $defs below the root');
    if (node.$ref !== undefined) return visitReference(node, say);
    const types = node.type === undefined ? [] : [node.type].flat();
    if (types.length === 0 && node.anyOf === undefined) say('has neither type nor anyOf');
    for (const type of types) if (!TYPES.includes(type)) say(`has the type ${type}`);
    if (node.format !== undefined && !FORMATS.includes(node.format)) say(`has the format ${node.format}`);
    if (node.pattern !== undefined && /\(\?[=!<]|\\[1-9]/.test(node.pattern)) say('has a pattern that looks around');
    const deeper = types.some((type) => type === 'object' || type === 'array') ? level + 1 : level;
    if (deeper > 10) say('is deeper than 10 levels');
    if (types.includes('object')) visitObject(node, place, { say, level: deeper });
    else if (node.properties !== undefined) say('has properties and is no object');
    if (types.includes('array') && node.items === undefined) say('is an array without items');
    if (node.items !== undefined) visit(node.items, `${place}/items`, deeper);
    if (node.enum !== undefined) visitEnum(node, types, say);
    if (node.anyOf?.length === 0) say('is a union of nothing');
    for (const [index, branch] of (node.anyOf ?? []).entries()) visit(branch, `${place}/anyOf/${index}`, deeper);
    for (const [name, inner] of Object.entries(node.$defs ?? {})) {
      totals.characters += name.length;
      visit(inner, `${place}/$defs/${name}`, 0);
    }
  }

  function visitReference(node, say) {
    if (Object.keys(node).length > 1) say('has something beside $ref');
    const name = /^#\/\$defs\/([^/]+)$/.exec(node.$ref)?.[1];
    if (name === undefined || !Object.hasOwn(schema.$defs ?? {}, name)) say(`${node.$ref} leads nowhere`);
  }

  function visitObject(node, place, { say, level }) {
    if (node.additionalProperties !== false) say('is open');
    const names = Object.keys(node.properties ?? {});
    totals.properties += names.length;
    for (const name of names) {
      totals.characters += name.length;
      if (!node.required?.includes(name)) say(`does not require "${name}"`);
      visit(node.properties[name], `${place}/properties/${name}`, level);
    }
    if (!Array.isArray(node.required)) say('has no list of what is required');
    for (const name of node.required ?? [])
      if (!names.includes(name)) say(`requires "${name}", which it does not have`);
  }

  function visitEnum(node, types, say) {
    const characters = node.enum.reduce((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
    totals.values += node.enum.length;
    totals.characters += characters;
    if (node.enum.length === 0) say('has an empty enum');
    if (node.enum.length > 250 && characters > 15_000) say(`has an enum of ${characters} characters`);
    if (new Set(node.enum).size < node.enum.length) say('has a value twice');
    for (const value of node.enum) {
      const type = value === null ? 'null' : typeof value;
      const fits = types.includes(type) || (Number.isInteger(value) && types.includes('integer'));
      if (!fits) say(`has the value ${JSON.stringify(value)}, which is no ${types.join(' or ')}`);
    }
  }
}
