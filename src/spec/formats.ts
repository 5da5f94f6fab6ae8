import { BridgeError } from '../errors.ts';
import { own } from './references.ts';
import { normalizeSwagger2 } from './swagger-2.ts';
import type { JsonObject, OpenApiDocument, ReportFinding, SpecSource } from './types.ts';

/** A kind of document: how it is told from the others, and how it becomes a document of 3.1 shape. */
export interface SpecFormat {
  readonly id: string;
  /** The declared version when the document is of this kind. */
  detect(document: JsonObject): string | undefined;
  normalize(document: JsonObject, source: SpecSource, report: ReportFinding): OpenApiDocument;
}

/** In order of detection. 3.0, 3.1 and 3.2 differ in schema keywords and fields only, which the readers know side by side. */
const FORMATS: readonly SpecFormat[] = [
  {
    id: 'swagger-2',
    detect: (document) => matchVersion(own(document, 'swagger'), /^2\.0$/),
    normalize: normalizeSwagger2,
  },
  {
    id: 'openapi-3',
    detect: (document) => matchVersion(own(document, 'openapi'), /^3\.[012](?:\.\d+)?(?:-[\w.]+)?$/),
    normalize: (document) => document,
  },
];

/** The document in 3.1 shape and the version it declares. Throws SPEC_VERSION or SPEC_INVALID. */
export function normalizeDocument(
  document: JsonObject,
  source: SpecSource,
  report: ReportFinding,
): { document: OpenApiDocument; version: string } {
  for (const format of FORMATS) {
    const version = format.detect(document);
    if (version === undefined) continue;
    checkVersionType(document, report);
    checkPaths(document, version, source, report);
    checkInfo(document, report);
    return { document: format.normalize(document, source, report), version };
  }
  throw unknownVersion(document, source);
}

/** `swagger: 2.0` without quotes is a number in YAML. */
function matchVersion(value: unknown, pattern: RegExp): string | undefined {
  const text = typeof value === 'number' ? (Number.isInteger(value) ? `${value}.0` : String(value)) : value;
  return typeof text === 'string' && pattern.test(text.trim()) ? text.trim() : undefined;
}

function checkVersionType(document: JsonObject, report: ReportFinding): void {
  const key = own(document, 'swagger') === undefined ? 'openapi' : 'swagger';
  if (typeof own(document, key) === 'number')
    report(
      'warning',
      'version-number',
      `/${key}`,
      'The version is a number; it must be a string',
      `Write ${key}: "${String(own(document, key))}"`,
    );
}

function checkPaths(document: JsonObject, version: string, source: SpecSource, report: ReportFinding): void {
  const paths = own(document, 'paths');
  if (typeof paths === 'object' && paths !== null && !Array.isArray(paths)) return;
  if (paths !== undefined && paths !== null)
    throw new BridgeError(
      'SPEC_INVALID',
      `${source.name}#/paths: paths is ${Array.isArray(paths) ? 'a list' : `a ${typeof paths}`}; it must be an object of path items`,
    );
  if (/^(?:2\.|3\.0)/.test(version))
    report('error', 'paths-missing', '', `OpenAPI ${version} requires paths; nothing is served`, 'Add the paths');
}

function checkInfo(document: JsonObject, report: ReportFinding): void {
  if (typeof own(own(document, 'info'), 'title') !== 'string')
    report('warning', 'info-missing', '/info', 'The document has no title', 'Add info with title and version');
}

function unknownVersion(document: JsonObject, source: SpecSource): BridgeError {
  for (const key of ['openapi', 'swagger', 'swaggerVersion', 'asyncapi', 'arazzo', 'overlay']) {
    const value = own(document, key);
    if (value !== undefined)
      return new BridgeError(
        'SPEC_VERSION',
        `${source.name}#/${key}: ${key} ${JSON.stringify(value)} is not a version that can be served`,
      );
  }
  return new BridgeError(
    'SPEC_VERSION',
    `${source.name}: neither "openapi" nor "swagger" stands in the document, so it is no OpenAPI document`,
  );
}
