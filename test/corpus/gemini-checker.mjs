// What Gemini refuses in the `parameters` of a function declaration, by the reference of `Schema`
// (https://ai.google.dev/api/caching#Schema) and the refusals of the Gemini API and Vertex AI. Written without any code of src/.

const KEYWORDS = [
  ...['type', 'format', 'title', 'description', 'nullable', 'enum', 'properties', 'required', 'items', 'anyOf'],
  ...[
    'minItems',
    'maxItems',
    'minProperties',
    'maxProperties',
    'minLength',
    'maxLength',
    'pattern',
    'minimum',
    'maximum',
  ],
];
const FORMATS = {
  STRING: ['enum', 'date-time'],
  NUMBER: ['float', 'double'],
  INTEGER: ['int32', 'int64'],
  BOOLEAN: [],
  ARRAY: [],
  OBJECT: [],
  NULL: [],
};
const MEMBER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/**
 * @param {object} schema
 * @returns {string[]} what is wrong, each with its place; empty when it is legal
 */
export function checkGemini(schema) {
  const problems = [];
  if (schema.type !== 'OBJECT') problems.push('the root is no object');
  visit(schema, '#');
  return problems;

  function visit(node, place) {
    const say = (what) => problems.push(`${place}: ${what}`);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return say('is no schema');
    for (const keyword of Object.keys(node)) if (!KEYWORDS.includes(keyword)) say(`has "${keyword}"`);
    if (node.anyOf !== undefined) {
      if (Object.keys(node).length > 1) say('has something beside anyOf');
      if (!Array.isArray(node.anyOf) || node.anyOf.length === 0) return say('is a union of nothing');
      for (const [index, branch] of node.anyOf.entries()) visit(branch, `${place}/anyOf/${index}`);
      return;
    }
    if (!Object.hasOwn(FORMATS, node.type)) return say(`has the type ${JSON.stringify(node.type)}`);
    if (node.format !== undefined && !FORMATS[node.type].includes(node.format)) say(`has the format ${node.format}`);
    if (node.pattern !== undefined && /\(\?[=!<]|\\[1-9]/.test(node.pattern)) say('has a pattern that looks around');
    if (node.enum !== undefined) visitEnum(node, say);
    if (node.type === 'OBJECT') visitObject(node, place, say);
    if (node.type === 'ARRAY' && node.items === undefined) say('is an array without items');
    if (node.items !== undefined) visit(node.items, `${place}/items`);
  }

  function visitObject(node, place, say) {
    const names = Object.keys(node.properties ?? {});
    if (names.length === 0) say('is an object without properties');
    for (const name of names) {
      if (!MEMBER_NAME.test(name)) say(`has the member ${JSON.stringify(name)}`);
      visit(node.properties[name], `${place}/properties/${name}`);
    }
    for (const name of node.required ?? [])
      if (!names.includes(name)) say(`requires "${name}", which it does not have`);
  }

  function visitEnum(node, say) {
    if (node.type !== 'STRING') say('has an enum and is no string');
    if (!Array.isArray(node.enum) || node.enum.length === 0) return say('has an empty enum');
    if (node.enum.some((value) => typeof value !== 'string' || value === '')) say('has a value that is no text');
    if (new Set(node.enum).size < node.enum.length) say('has a value twice');
  }
}
