import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { isJsonMediaType, isTextMediaType, mediaTypeEssence } from './media-type.ts';
import { asObject, asString, at, type Reading } from './reading.ts';
import { resolveObject } from './resolve.ts';
import { isBinary, type SchemaView, viewSchema } from './schema-view.ts';
import type { DelimitedStyle, Field, Fields } from './types.ts';

const FORM_STYLES = ['form', 'spaceDelimited', 'pipeDelimited', 'tabDelimited', 'deepObject'];

/** How each property of a form or multipart body is written (OAS 3.2 §4.14.4, §4.15 Encoding Object). */
export function readFields(reading: Reading, media: JsonObject, pointer: string): Fields {
  const { properties } = viewSchema(reading.spec.references, own(media, 'schema'));
  const encodings = asObject(own(media, 'encoding')) ?? {};
  const fields: Record<string, Field> = Object.create(null);
  for (const [name, schema] of properties) {
    fields[name] = readField(
      reading,
      viewSchema(reading.spec.references, schema),
      asObject(own(encodings, name)) ?? {},
      at(at(pointer, 'encoding'), name),
    );
  }
  for (const name of Object.keys(encodings)) {
    if (!properties.has(name))
      reading.report(
        'warning',
        'encoding-unused',
        at(at(pointer, 'encoding'), name),
        `The schema has no property "${name}"`,
      );
  }
  return fields;
}

function readField(reading: Reading, view: SchemaView, encoding: JsonObject, pointer: string): Field {
  const array = view.types.includes('array');
  const single = array ? viewSchema(reading.spec.references, view.items) : view;
  const contentType = asString(own(encoding, 'contentType'));
  const style = readStyle(encoding);
  const headers = readHeaders(reading, encoding, pointer);
  return {
    value: valueKind(single, contentType),
    array,
    ...(contentType === undefined ? {} : { contentType }),
    ...(style === undefined ? {} : { style }),
    ...(headers === undefined ? {} : { headers }),
  };
}

function valueKind(view: SchemaView, contentType: string | undefined): Field['value'] {
  if (isBinary(view)) return 'bytes';
  const first = contentType === undefined ? undefined : mediaTypeEssence(contentType.split(',')[0]!);
  if (view.types.includes('object') || view.types.includes('array'))
    return first !== undefined && isTextMediaType(first) ? 'text' : 'json';
  if (first === undefined || !view.types.includes('string'))
    return first !== undefined && isJsonMediaType(first) ? 'json' : 'text';
  if (isJsonMediaType(first)) return 'json';
  return isTextMediaType(first) || /xml/.test(first) ? 'text' : 'bytes';
}

function readStyle(encoding: JsonObject): Field['style'] {
  const asked = asString(own(encoding, 'style'));
  const explode = own(encoding, 'explode');
  const reserved = own(encoding, 'allowReserved');
  if (asked === undefined && explode === undefined && reserved === undefined) return undefined;
  const style = (asked !== undefined && FORM_STYLES.includes(asked) ? asked : 'form') as
    | 'form'
    | 'deepObject'
    | DelimitedStyle;
  return {
    style,
    explode: typeof explode === 'boolean' ? explode : style === 'form',
    allowReserved: reserved === true,
  };
}

/** Part headers are sent only where the document leaves one value: a const, a default, or an enum of one. */
function readHeaders(reading: Reading, encoding: JsonObject, pointer: string): Field['headers'] {
  const headers: Record<string, string> = {};
  for (const [name, written] of Object.entries(asObject(own(encoding, 'headers')) ?? {})) {
    if (name.toLowerCase() === 'content-type') continue;
    const { node } = viewSchema(reading.spec.references, own(resolveObject(reading, written) ?? {}, 'schema'));
    const values = own(node, 'enum');
    const value =
      own(node, 'const') ??
      own(node, 'default') ??
      (Array.isArray(values) && values.length === 1 ? values[0] : undefined);
    if (value === undefined)
      reading.report(
        'warning',
        'part-header',
        at(at(pointer, 'headers'), name),
        `The part header ${name} has no single value and is not sent`,
      );
    else headers[name] = String(value);
  }
  return Object.keys(headers).length > 0 ? headers : undefined;
}
