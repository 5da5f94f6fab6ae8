import type { ErrorObject } from 'ajv';
import type { Diagnostic } from '../diagnostic.ts';
import { decodeText } from '../spec/decode-text.ts';
import { parseText } from '../spec/parse.ts';
import type { SourceBytes } from '../spec/read.ts';
import { own } from '../spec/references.ts';

/** The validator expands references before it looks, so that a small document can cost much. */
const MAX_NODES = 10_000_000;
const MAX_FINDINGS = 50;

/**
 * What the schemas and rules of OpenAPI object to in a document of a version that the validator reads (2.0, 3.0, 3.1).
 * Nothing outside the document is read. All of it are warnings: what is served does not depend on it.
 */
export async function validateDocument(source: SourceBytes, version: string): Promise<Diagnostic[]> {
  const file = source.source.name;
  const note = (message: string): Diagnostic[] => [
    { severity: 'info', code: 'not-validated', file, pointer: '', message },
  ];
  if (!/^(?:2\.0|3\.[01])/.test(version))
    return note(`The validator does not read OpenAPI ${version} yet: only what is served was checked`);
  const { value } = await parseText(decodeText(source.bytes), file);
  if (expandedSize(value) > MAX_NODES)
    return note('With its references expanded the document is too large for the validator');
  const { default: parser } = await import('@apidevtools/swagger-parser');
  try {
    await parser.validate(value as Parameters<typeof parser.validate>[0], {
      resolve: { external: false },
      dereference: { circular: 'ignore' },
    });
    return [];
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      return note(`The validator failed over the document (${error.message}): only what is served was checked`);
    return describeError(error as Error & { details?: readonly ErrorObject[] }, file);
  }
}

interface Size {
  readonly nodes: number;
  /** Leads back to itself, or to what does: the validator leaves such references as they are. */
  readonly circular: boolean;
}

const LEAF: Size = { nodes: 1, circular: false };

/** The number of nodes once references are replaced by what they mean, as the validator does it; stops counting above the limit. */
export function expandedSize(root: unknown): number {
  const sizes = new Map<object, Size>();
  const open = new Set<object>();
  return sizeOf(root, 0).nodes;

  function sizeOf(node: unknown, depth: number): Size {
    if (typeof node !== 'object' || node === null) return LEAF;
    const known = sizes.get(node);
    if (known) return known;
    if (open.has(node) || depth > 1_000) return { nodes: 1, circular: true };
    open.add(node);
    let [nodes, circular] = [1, false];
    const add = (part: Size, isReference: boolean) => {
      circular ||= part.circular;
      if (!isReference || !part.circular) nodes = Math.min(nodes + part.nodes, MAX_NODES + 1);
    };
    const ref = own(node, '$ref');
    if (typeof ref === 'string' && ref.startsWith('#/')) add(sizeOf(lookUp(root, ref), depth + 1), true);
    for (const value of Object.values(node)) add(sizeOf(value, depth + 1), false);
    open.delete(node);
    const size = { nodes, circular };
    sizes.set(node, size);
    return size;
  }
}

function lookUp(root: unknown, ref: string): unknown {
  const keys = ref
    .slice(2)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce((node, key) => own(node, key), root);
}

function describeError(error: Error & { details?: readonly ErrorObject[] }, file: string): Diagnostic[] {
  const base = { severity: 'warning', code: 'openapi-invalid', file } as const;
  const hint = 'It is served nevertheless; other tools may refuse the document';
  if (!error.details?.length) {
    const message = error.message.split('\n')[0]!.replace(/^Validation failed\. /, '');
    return [{ ...base, pointer: pointerIn(message), message, hint }];
  }
  const told = tellingErrors(error.details);
  const findings = told.slice(0, MAX_FINDINGS).map((detail) => ({
    ...base,
    pointer: detail.instancePath,
    message: describeDetail(detail),
    hint,
  }));
  const more = told.length - findings.length;
  return more > 0 ? [...findings, { ...base, pointer: '', message: `${more} more places break the schema` }] : findings;
}

/** Of a union's failures those that lie deepest say what is meant; one for each place. */
function tellingErrors(details: readonly ErrorObject[]): ErrorObject[] {
  const places = new Map<string, ErrorObject>();
  for (const detail of details) {
    if (['oneOf', 'anyOf', 'if', 'not'].includes(detail.keyword) || detail.params['missingProperty'] === '$ref')
      continue;
    if (!places.has(detail.instancePath)) places.set(detail.instancePath, detail);
  }
  const told = [...places.values()];
  if (told.length === 0) return details.slice(0, 1);
  const paths = told.map(({ instancePath }) => instancePath).sort();
  return told.filter(({ instancePath }) => !hasDeeper(paths, instancePath));
}

/** Whether a path below `path` stands in the sorted list. */
function hasDeeper(paths: readonly string[], path: string): boolean {
  return paths.some((other) => other.startsWith(`${path}/`));
}

function describeDetail({ keyword, params, message }: ErrorObject): string {
  const extra = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (extra !== undefined) return `OpenAPI has no field "${String(extra)}" here`;
  if (keyword === 'required') return `The field "${String(params['missingProperty'])}" is missing`;
  if (keyword === 'enum') return `Must be one of ${(params['allowedValues'] as unknown[]).slice(0, 12).join(', ')}`;
  return `By the OpenAPI schema this ${message ?? 'is not valid'}`;
}

/** The validator names places as `/paths/pets/{id}/get`, with nothing escaped: the path item is what can be told for sure. */
function pointerIn(message: string): string {
  const [, path] = /'?\/paths(\/[^\s']*?)\/(?:get|put|post|delete|options|head|patch|trace)\b/.exec(message) ?? [];
  const [, ref] = /pointer "#(\/[^"]*)"/.exec(message) ?? [];
  if (ref !== undefined) return '';
  return path === undefined ? '' : `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
