import { own } from './references.ts';
import type { JsonObject } from './types.ts';

const NOT_SCHEMA = new Set([
  'name',
  'in',
  'required',
  'description',
  'collectionFormat',
  'allowEmptyValue',
  'example',
  'schema',
]);
const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/** A path, query or header parameter of 2.0: its schema keywords under `schema`, its collectionFormat as style and explode. */
export function convertParameter(parameter: JsonObject): JsonObject {
  if (own(parameter, '$ref') !== undefined) return parameter;
  const place = own(parameter, 'in');
  const kept = ['name', 'in', 'required', 'description', 'allowEmptyValue'].filter(
    (key) => own(parameter, key) !== undefined,
  );
  return {
    ...Object.fromEntries(kept.map((key) => [key, own(parameter, key)])),
    schema: own(parameter, 'schema') ?? schemaOf(parameter),
    ...(own(parameter, 'type') === 'array'
      ? styleOf(own(parameter, 'collectionFormat'), place === 'query' ? 'form' : 'simple')
      : {}),
  };
}

function schemaOf(parameter: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(parameter).filter(
      ([key]) => !NOT_SCHEMA.has(key) && !(key.startsWith('x-') && key !== 'x-nullable'),
    ),
  );
}

/** Swagger 2.0 "collectionFormat"; `tabDelimited` exists only here. */
function styleOf(collectionFormat: unknown, commaStyle: 'form' | 'simple'): JsonObject {
  switch (collectionFormat) {
    case 'multi':
      return { style: commaStyle, explode: true };
    case 'ssv':
      return { style: 'spaceDelimited', explode: false };
    case 'tsv':
      return { style: 'tabDelimited', explode: false };
    case 'pipes':
      return { style: 'pipeDelimited', explode: false };
    default:
      return { style: commaStyle, explode: false };
  }
}

/** The request body that body and formData parameters describe; undefined when there are none. */
export function convertBody(parameters: readonly JsonObject[], consumes: readonly string[]): JsonObject | undefined {
  const body = parameters.find((parameter) => own(parameter, 'in') === 'body');
  const fields = parameters.filter((parameter) => own(parameter, 'in') === 'formData');
  if (fields.length > 0) return formBody(fields, consumes);
  if (!body) return undefined;
  const types = consumes.length > 0 ? consumes : ['application/json'];
  const description = own(body, 'description');
  return {
    required: own(body, 'required') === true,
    ...(typeof description === 'string' ? { description } : {}),
    content: Object.fromEntries(types.map((type) => [type, { schema: own(body, 'schema') }])),
  };
}

function formBody(fields: readonly JsonObject[], consumes: readonly string[]): JsonObject {
  const hasFile = fields.some((field) => own(field, 'type') === 'file');
  const declared = consumes.filter((type) => type.startsWith('multipart/') || (type.startsWith(FORM) && !hasFile));
  const types = declared.length > 0 ? declared : [hasFile ? MULTIPART : FORM];
  const properties: { [name: string]: JsonObject } = Object.create(null);
  const encoding: { [name: string]: JsonObject } = Object.create(null);
  for (const field of fields) {
    const name = String(own(field, 'name'));
    const description = own(field, 'description');
    const schema = own(field, 'type') === 'file' ? { type: 'string', format: 'binary' } : schemaOf(field);
    properties[name] = { ...schema, ...(typeof description === 'string' ? { description } : {}) };
    if (own(field, 'type') === 'array') encoding[name] = styleOf(own(field, 'collectionFormat'), 'form');
  }
  const required = fields.filter((field) => own(field, 'required') === true).map((field) => String(own(field, 'name')));
  const media = { schema: { type: 'object', properties, ...(required.length > 0 ? { required } : {}) }, encoding };
  return { required: required.length > 0, content: Object.fromEntries(types.map((type) => [type, media])) };
}
