import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { readFields } from './fields.ts';
import {
  isJsonLinesMediaType,
  isJsonMediaType,
  isTextMediaType,
  isXmlMediaType,
  mediaTypeEssence,
} from './media-type.ts';
import { asObject, asString, at, type OperationPlace, OperationRefused, type Reading } from './reading.ts';
import { resolveObject } from './resolve.ts';
import { isBinary, viewSchema } from './schema-view.ts';
import type { BodyChoice, BodyWire, RequestBody } from './types.ts';
import { readXmlShape } from './xml-shape.ts';

/** The request body with all its media types (OAS 3.2 §4.13), the one to prefer first; undefined when there is none. */
export function readBody(reading: Reading, place: OperationPlace): RequestBody | undefined {
  const written = place.node['requestBody'];
  if (written === undefined || written === null) return undefined;
  const pointer = at(place.pointer, 'requestBody');
  const body = resolveObject(reading, written);
  if (!body)
    throw new OperationRefused(
      'body-unresolved',
      pointer,
      'its request body is no object, or its reference leads nowhere',
      'Correct the reference',
    );
  const choices = Object.entries(asObject(own(body, 'content')) ?? {})
    .filter(([mediaType]) => !mediaType.startsWith('x-') || mediaType.includes('/'))
    .map(([mediaType, media]) =>
      readChoice(reading, mediaType, resolveObject(reading, media) ?? {}, at(at(pointer, 'content'), mediaType)),
    );
  if (choices.length === 0) {
    reading.report(
      'warning',
      'body-empty',
      pointer,
      'The request body has no media type, so no body is sent',
      'Describe the body under content',
    );
    return undefined;
  }
  const description = asString(own(body, 'description'));
  return {
    required: own(body, 'required') === true,
    ...(description ? { description } : {}),
    choices: choices.sort((a, b) => rank(a.wire) - rank(b.wire)),
  };
}

function rank(wire: BodyWire): number {
  if (mediaTypeEssence(wire.mediaType) === 'application/json') return 0;
  const order = ['json', 'form', 'multipart', 'json-lines', 'xml', 'text', 'bytes'];
  return 1 + order.indexOf(wire.encoding);
}

function readChoice(reading: Reading, mediaType: string, media: JsonObject, pointer: string): BodyChoice {
  const items = own(media, 'itemSchema');
  const schema = own(media, 'schema') ?? (items === undefined ? undefined : { type: 'array', items });
  const encoding = readEncoding(reading, { mediaType, media, schema, pointer });
  const sent = encoding.encoding === 'json' && mediaType.includes('*') ? 'application/json' : mediaType;
  return { schema, wire: { mediaType: sent, ...encoding } as BodyWire };
}

interface Medium {
  readonly mediaType: string;
  readonly media: JsonObject;
  readonly schema: unknown;
  readonly pointer: string;
}

type Encoding = BodyWire extends infer Wire ? (Wire extends BodyWire ? Omit<Wire, 'mediaType'> : never) : never;

function readEncoding(reading: Reading, medium: Medium): Encoding {
  const { mediaType, media, schema, pointer } = medium;
  const essence = mediaTypeEssence(mediaType);
  if (isJsonLinesMediaType(essence)) return { encoding: 'json-lines' };
  if (isJsonMediaType(essence)) return { encoding: 'json' };
  const view = viewSchema(reading.spec.references, schema);
  const structured = view.types.includes('object') || view.types.includes('array') || view.properties.size > 0;
  if (essence === 'application/x-www-form-urlencoded')
    return structured || view.types.length === 0
      ? { encoding: 'form', fields: readFields(reading, media, pointer) }
      : { encoding: 'text' };
  if (essence.startsWith('multipart/')) return { encoding: 'multipart', fields: readFields(reading, media, pointer) };
  if (isXmlMediaType(essence))
    return structured ? { encoding: 'xml', ...readXmlShape(reading.spec.references, schema) } : { encoding: 'text' };
  if (isTextMediaType(essence)) return isBinary(view) ? { encoding: 'bytes' } : { encoding: 'text' };
  if (structured || (essence === '*/*' && !isBinary(view))) {
    if (!essence.includes('*'))
      reading.report(
        'info',
        'body-as-json',
        pointer,
        `A body of type ${mediaType} with a structured schema is sent as JSON text`,
      );
    return { encoding: 'json' };
  }
  return { encoding: 'bytes' };
}
