import { createReferences, own } from './references.ts';
import { convertBody, convertParameter } from './swagger-2-parameters.ts';
import type { JsonObject, OpenApiDocument, References, ReportFinding, SpecSource } from './types.ts';

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

/** A Swagger 2.0 document in 3.1 shape. `definitions` stays where it is, so that its references keep their pointers. */
export function normalizeSwagger2(document: JsonObject, source: SpecSource, report: ReportFinding): OpenApiDocument {
  const references = createReferences(document);
  const paths: { [path: string]: unknown } = {};
  for (const [path, item] of Object.entries(asObject(own(document, 'paths')) ?? {})) {
    paths[path] = path.startsWith('x-') ? item : convertPathItem({ document, references, source, report }, item);
  }
  return {
    ...document,
    paths,
    servers: serversOf(document, own(document, 'schemes'), source),
    components: { securitySchemes: convertSecurity(document) },
  };
}

/** What the conversion of one operation needs to know. */
export interface Conversion {
  readonly document: JsonObject;
  readonly references: References;
  readonly source: SpecSource;
  readonly report: ReportFinding;
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function convertPathItem(conversion: Conversion, written: unknown): unknown {
  const ref = own(written, '$ref');
  const item =
    typeof ref === 'string'
      ? { ...asObject(conversion.references.resolve(ref)?.node), ...withoutRef(written) }
      : asObject(written);
  if (!item) return written;
  const shared = resolveAll(conversion, own(item, 'parameters'));
  const converted: { [key: string]: unknown } = { ...item };
  if (shared.length > 0) converted['parameters'] = shared.filter(isPlain).map(convertParameter);
  for (const [key, value] of Object.entries(item)) {
    const operation = asObject(value);
    if (METHODS.has(key) && operation) converted[key] = convertOperation(conversion, operation, shared);
  }
  return converted;
}

function withoutRef(item: unknown): JsonObject {
  const { $ref: _, ...rest } = asObject(item) ?? {};
  return rest;
}

/** A reference that leads nowhere stays as it is: the operation's reader reports it. */
function resolveAll({ references }: Conversion, list: unknown): JsonObject[] {
  if (!Array.isArray(list)) return [];
  return list.map((written) => {
    const ref = own(written, '$ref');
    return (
      (typeof ref === 'string' ? asObject(references.resolve(ref)?.node) : asObject(written)) ?? (written as JsonObject)
    );
  });
}

function isPlain(parameter: JsonObject): boolean {
  const place = own(parameter, 'in');
  return place !== 'body' && place !== 'formData';
}

function convertOperation(conversion: Conversion, operation: JsonObject, shared: readonly JsonObject[]): JsonObject {
  const mine = resolveAll(conversion, own(operation, 'parameters'));
  const overridden = (parameter: JsonObject) =>
    mine.some((other) => own(other, 'name') === own(parameter, 'name') && own(other, 'in') === own(parameter, 'in'));
  const bodyParameters = [...shared.filter((parameter) => !overridden(parameter)), ...mine].filter(
    (parameter) => !isPlain(parameter),
  );
  const { consumes: _, produces: __, schemes, parameters: ___, ...rest } = operation as { [key: string]: unknown };
  const body = convertBody(
    bodyParameters,
    stringList(own(operation, 'consumes') ?? own(conversion.document, 'consumes')),
  );
  return {
    ...rest,
    parameters: mine.filter(isPlain).map(convertParameter),
    ...(body === undefined ? {} : { requestBody: body }),
    ...(Array.isArray(schemes) ? { servers: serversOf(conversion.document, schemes, conversion.source) } : {}),
    responses: convertResponses(
      conversion,
      own(operation, 'responses'),
      stringList(own(operation, 'produces') ?? own(conversion.document, 'produces')),
    ),
  };
}

function stringList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function convertResponses({ references }: Conversion, written: unknown, produces: readonly string[]): JsonObject {
  const responses: { [status: string]: unknown } = {};
  for (const [status, value] of Object.entries(asObject(written) ?? {})) {
    const ref = own(value, '$ref');
    const response = typeof ref === 'string' ? asObject(references.resolve(ref)?.node) : asObject(value);
    const schema = own(response, 'schema');
    const types = produces.length > 0 ? produces : ['application/json'];
    responses[status] =
      !response || schema === undefined
        ? (response ?? value)
        : { ...response, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
  }
  return responses;
}

/** Swagger 2.0 "host", "basePath", "schemes": each defaults to what the document itself was fetched by. */
function serversOf(document: JsonObject, schemes: unknown, source: SpecSource): readonly JsonObject[] {
  const host = own(document, 'host');
  const written = own(document, 'basePath');
  const basePath = typeof written === 'string' && written !== '/' ? `/${written.replace(/^\/+/, '')}` : '';
  const known = stringList(schemes).filter((scheme) => scheme === 'https' || scheme === 'http');
  const fetched = source.url === undefined ? undefined : new URL(source.url);
  const scheme = known.includes('https') ? 'https' : (known[0] ?? fetched?.protocol.slice(0, -1) ?? 'https');
  if (typeof host === 'string' && host !== '') return [{ url: `${scheme}://${host}${basePath}` }];
  return [{ url: fetched && known.length > 0 ? `${scheme}://${fetched.host}${basePath}` : basePath || '/' }];
}

const FLOWS: { readonly [flow: string]: string } = {
  accessCode: 'authorizationCode',
  application: 'clientCredentials',
  implicit: 'implicit',
  password: 'password',
};

function convertSecurity(document: JsonObject): JsonObject {
  const schemes: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(asObject(own(document, 'securityDefinitions')) ?? {})) {
    const scheme = asObject(value) ?? {};
    const type = own(scheme, 'type');
    if (type === 'basic') schemes[name] = { ...scheme, type: 'http', scheme: 'basic' };
    else if (type === 'oauth2') {
      const { authorizationUrl, tokenUrl, scopes, flow, ...rest } = scheme;
      schemes[name] = {
        ...rest,
        flows: { [FLOWS[String(flow)] ?? String(flow)]: { authorizationUrl, tokenUrl, scopes: scopes ?? {} } },
      };
    } else schemes[name] = scheme;
  }
  return schemes;
}
