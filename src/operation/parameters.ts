import { own } from '../spec/references.ts';
import type { JsonObject } from '../spec/types.ts';
import { readFields } from './fields.ts';
import { mediaTypeEssence } from './media-type.ts';
import { asObject, asString, at, type OperationPlace, OperationRefused, type Reading } from './reading.ts';
import { resolveObject } from './resolve.ts';
import type { DelimitedStyle, Parameter, ParameterWire } from './types.ts';

type Location = 'path' | 'query' | 'header' | 'cookie';

const DELIMITED = ['spaceDelimited', 'pipeDelimited', 'tabDelimited'] as const satisfies readonly DelimitedStyle[];
/** Styles a location has, its default first (OAS 3.2 §4.12.2; the delimited ones elsewhere come from Swagger 2.0). */
const STYLES = {
  path: ['simple', 'label', 'matrix', ...DELIMITED],
  query: ['form', 'deepObject', ...DELIMITED],
  header: ['simple', ...DELIMITED],
  cookie: ['form', 'cookie'],
} as const;
/** OAS 3.2 §4.12.1: header parameters of these names are ignored. */
const IGNORED_HEADERS = new Set(['accept', 'content-type', 'authorization']);

/** What a model must not set: they decide where a request goes, how it is framed, or who sends it. */
const DENIED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'cookie',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);

/** The operation's parameters over its path item's (the same name and place: the operation's wins), in the written order. */
export function readParameters(reading: Reading, place: OperationPlace): readonly Parameter[] {
  const merged = new Map<string, Parameter>();
  readList(reading, place.item, place.itemPointer, merged);
  readList(reading, place.node, place.pointer, merged);
  return matchTemplate(reading, place, [...merged.values()]);
}

function readList(reading: Reading, holder: JsonObject, pointer: string, into: Map<string, Parameter>): void {
  const list = holder['parameters'];
  if (!Array.isArray(list)) return;
  list.forEach((written, index) => {
    const parameter = readShared(reading, written, `${pointer}/parameters/${index}`);
    if (parameter) into.set(`${parameter.wire.in} ${parameter.wire.name}`, parameter);
  });
}

/** A component is read once, unless there is something to say at each place that refers to it. */
function readShared(reading: Reading, written: unknown, pointer: string): Parameter | undefined {
  const { shared } = reading;
  const node = resolveObject(reading, written);
  if (!shared || !node || node === written) return readParameter(reading, written, pointer);
  const known = shared.parameters.get(node);
  if (known) return known;
  const before = shared.findings();
  const parameter = readParameter(reading, written, pointer);
  if (parameter && shared.findings() === before) shared.parameters.set(node, parameter);
  return parameter;
}

function readParameter(reading: Reading, written: unknown, pointer: string): Parameter | undefined {
  const node = resolveObject(reading, written);
  if (!node) {
    const ref = asString(own(asObject(written) ?? {}, '$ref'));
    throw new OperationRefused(
      'parameter-unresolved',
      pointer,
      ref === undefined ? 'a parameter must be an object' : `the parameter reference "${ref}" leads nowhere`,
      'Correct the reference',
    );
  }
  const name = asString(own(node, 'name'));
  const location = asString(own(node, 'in'));
  if (name === undefined || name === '') {
    reading.report(
      'warning',
      'parameter-nameless',
      pointer,
      'A parameter without a name cannot be sent; it is left out',
    );
    return undefined;
  }
  if (location === 'header' && IGNORED_HEADERS.has(name.toLowerCase())) {
    reading.report(
      'info',
      'header-ignored',
      pointer,
      `OpenAPI ignores header parameters named ${name}; the bridge sets that header itself`,
    );
    return undefined;
  }
  if (location === 'header' && DENIED_HEADERS.has(name.toLowerCase())) {
    reading.report(
      'warning',
      'header-denied',
      pointer,
      `The header ${name} is not offered as an argument`,
      `If it is needed, give it with --header '${name}: …'`,
    );
    return undefined;
  }
  if (location === 'header' && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new OperationRefused(
      'header-name',
      at(pointer, 'name'),
      `${JSON.stringify(name)} cannot be the name of a header`,
    );
  const wire = readWire(reading, node, name, location, pointer);
  const description = asString(own(node, 'description'));
  return {
    wire,
    required: own(node, 'required') === true || wire.in === 'path',
    ...(description ? { description } : {}),
    deprecated: own(node, 'deprecated') === true,
    schema: schemaOf(reading, node),
  };
}

function schemaOf(reading: Reading, node: JsonObject): unknown {
  const media = contentOf(reading, node);
  return media ? own(media.node, 'schema') : own(node, 'schema');
}

function contentOf(reading: Reading, node: JsonObject): { mediaType: string; node: JsonObject } | undefined {
  const entry = Object.entries(asObject(own(node, 'content')) ?? {})[0];
  return entry && { mediaType: entry[0], node: resolveObject(reading, entry[1]) ?? {} };
}

function readWire(
  reading: Reading,
  node: JsonObject,
  name: string,
  location: string | undefined,
  pointer: string,
): ParameterWire {
  const content = contentOf(reading, node);
  if (location === 'querystring') {
    const mediaType = content?.mediaType ?? 'application/x-www-form-urlencoded';
    const fields =
      mediaTypeEssence(mediaType) === 'application/x-www-form-urlencoded' && content
        ? readFields(reading, content.node, pointer)
        : {};
    return { name, in: 'querystring', style: 'content', mediaType, fields };
  }
  if (location !== 'path' && location !== 'query' && location !== 'header' && location !== 'cookie') {
    throw new OperationRefused(
      'parameter-location',
      at(pointer, 'in'),
      `the parameter "${name}" is in ${JSON.stringify(location ?? null)}, which is no place`,
      'Use path, query, header, cookie or querystring',
    );
  }
  if (content) return { name, in: location, style: 'content', mediaType: content.mediaType };
  return styledWire(reading, node, name, location, pointer);
}

function styledWire(
  reading: Reading,
  node: JsonObject,
  name: string,
  location: Location,
  pointer: string,
): ParameterWire {
  const asked = asString(own(node, 'style'));
  const allowed: readonly string[] = STYLES[location];
  if (asked !== undefined && !allowed.includes(asked)) {
    reading.report(
      'warning',
      'style-invalid',
      at(pointer, 'style'),
      `The style "${asked}" does not exist in ${location}; "${allowed[0]}" is used`,
      `Use one of ${allowed.join(', ')}`,
    );
  }
  const style = asked !== undefined && allowed.includes(asked) ? asked : allowed[0];
  const explode =
    typeof own(node, 'explode') === 'boolean' ? own(node, 'explode') === true : style === 'form' || style === 'cookie';
  const allowReserved = own(node, 'allowReserved') === true;
  const allowEmptyValue = own(node, 'allowEmptyValue') === true;
  return {
    name,
    in: location,
    style,
    explode,
    ...(location === 'header' ? {} : { allowReserved }),
    ...(location === 'query' ? { allowEmptyValue } : {}),
  } as ParameterWire;
}

/** OAS 3.2 §4.8: every template expression has a path parameter. One that is not declared is asked for as a string. */
function matchTemplate(
  reading: Reading,
  place: OperationPlace,
  parameters: readonly Parameter[],
): readonly Parameter[] {
  const expressions = [...new Set(place.path.match(/\{[^{}]*\}/g))];
  const kept = parameters.filter(({ wire: { name, in: location } }) => {
    if (location !== 'path' || expressions.includes(`{${name}}`)) return true;
    reading.report(
      'warning',
      'path-parameter-unused',
      place.pointer,
      `The path parameter "${name}" does not stand in the path; it is left out`,
      `Write {${name}} in the path`,
    );
    return false;
  });
  const missing = expressions.filter(
    (expression) => !kept.some(({ wire }) => wire.in === 'path' && expression === `{${wire.name}}`),
  );
  if (missing.length === 0) return kept;
  for (const expression of missing) {
    reading.report(
      'warning',
      'path-parameter-undeclared',
      place.pointer,
      `${expression} has no path parameter; it is asked for as a string`,
      'Declare the parameter',
    );
  }
  return [...missing.map((expression) => undeclared(expression.slice(1, -1))), ...kept];
}

function undeclared(name: string): Parameter {
  return {
    wire: { name, in: 'path', style: 'simple', explode: false, allowReserved: false },
    required: true,
    deprecated: false,
    schema: { type: 'string' },
  };
}
