import { mediaTypeEssence } from '../operation/media-type.ts';
import type { ParameterWire } from '../operation/types.ts';
import type { Binding, RequestTemplate } from '../tool/types.ts';
import { type BodyInput, encodeBody } from './encode-body.ts';
import { encodeForm } from './form.ts';
import { writePath } from './path.ts';
import { contentText, encodeText, writeCookiePairs, writeHeaderValue, writeQueryParameter } from './serialize.ts';
import type { ArgumentIssue, RequestPlan } from './types.ts';

export interface PlanContext {
  /** Absolute base URL. */
  readonly server: string;
  /** Reads a file named by a `path` argument; absent where that is not allowed. */
  readonly readFile?: (path: string) => Uint8Array;
  /** Multipart boundary, for golden files; random otherwise. */
  readonly boundary?: string;
}

export type PlanResult =
  | { readonly ok: true; readonly plan: RequestPlan }
  | { readonly ok: false; readonly issues: readonly ArgumentIssue[] };

type PathWire = Extract<RequestTemplate['parameters'][number], { in: 'path' }>;
type Arguments = { readonly [name: string]: unknown };

/** Arguments → the exact request (pure). Everything an argument can influence passes through its binding; own properties only. */
export function planRequest(
  template: RequestTemplate,
  bindings: readonly Binding[],
  args: Arguments,
  context: PlanContext,
): PlanResult {
  const given = gather(bindings, args);
  const argumentOf = (index: number) =>
    bindings.find(({ target }) => target.kind === 'parameter' && target.index === index)?.argument ??
    template.parameters[index]!.name;
  const issues: ArgumentIssue[] = [];
  template.parameters.forEach(({ required }, index) => {
    if (required && !given.parameters.has(index)) issues.push({ argument: argumentOf(index), message: 'is required' });
  });
  if (issues.length > 0) return { ok: false, issues };

  const entries: ParameterEntry[] = [];
  for (const [index, value] of given.parameters) entries.push({ wire: template.parameters[index]!, index, value });
  const path = writePath(
    template.path,
    template.parameters.filter((parameter): parameter is PathWire => parameter.in === 'path'),
    (parameter) => entries.find(({ wire }) => wire.in === 'path' && wire.name === parameter.name)?.value,
  );
  if (!path.ok) {
    const index = template.parameters.findIndex(
      (parameter) => parameter.in === 'path' && parameter.name === path.parameter,
    );
    return { ok: false, issues: [{ argument: index < 0 ? path.parameter : argumentOf(index), message: path.message }] };
  }
  const url = joinUrl(
    context.server,
    path,
    entries.flatMap(({ wire, value }) => queryPairs(wire, value)),
  );
  if (url === undefined)
    return {
      ok: false,
      issues: [{ argument: firstPathArgument(template, argumentOf), message: 'would change the URL it is part of' }],
    };

  const headers: [string, string][] = [
    ['accept', accepted(template.accept)],
    ['user-agent', 'actionbridge'],
  ];
  const headerIssues = writeHeaders(entries, argumentOf, headers);
  if (headerIssues.length > 0) return { ok: false, issues: headerIssues };

  const body = planBody(template, given, context);
  if (!body.ok) return body;
  if (body.contentType !== undefined) headers.push(['content-type', body.contentType]);
  return {
    ok: true,
    plan: { method: template.method, url, headers, ...(body.body === undefined ? {} : { body: body.body }) },
  };
}

interface Given {
  readonly parameters: ReadonlyMap<number, unknown>;
  readonly properties: ReadonlyMap<string, unknown>;
  readonly body: { readonly value: unknown } | undefined;
  readonly contentType: string | undefined;
}

function gather(bindings: readonly Binding[], args: Arguments): Given {
  const parameters = new Map<number, unknown>();
  const properties = new Map<string, unknown>();
  let body: Given['body'];
  let contentType: string | undefined;
  for (const { argument, target } of bindings) {
    const value = Object.hasOwn(args, argument) ? args[argument] : undefined;
    if (value === undefined) continue;
    if (target.kind === 'parameter') parameters.set(target.index, value);
    else if (target.kind === 'property') properties.set(target.name, value);
    else if (target.kind === 'body') body = { value };
    else contentType = String(value);
  }
  return { parameters, properties, body, contentType };
}

function queryPairs(wire: ParameterWire, value: unknown): string[] {
  if (wire.in === 'query') return writeQueryParameter(wire, value);
  if (wire.in !== 'querystring') return [];
  if (
    mediaTypeEssence(wire.mediaType) === 'application/x-www-form-urlencoded' &&
    typeof value === 'object' &&
    value !== null
  )
    return [encodeForm(value, wire.fields)];
  return [encodeText(contentText(value, wire.mediaType))];
}

/** Concatenation, then proof: the URL must be its own WHATWG serialisation, and its path must have the segments it was given. */
function joinUrl(
  server: string,
  path: { readonly path: string; readonly query: string },
  pairs: readonly string[],
): string | undefined {
  const base = baseOf(server);
  const query = [base.query, path.query, ...pairs].filter((part) => part !== '').join('&');
  const pathname = `${base.path}${path.path.startsWith('/') ? '' : '/'}${path.path}`;
  const whole = `${base.origin}${pathname}${query === '' ? '' : `?${query}`}`;
  if (isPlainPath(pathname) && isPlainQuery(query)) return whole;
  const parsed = parse(whole);
  if (!parsed || parsed.origin !== base.origin || parsed.pathname.split('/').length !== pathname.split('/').length)
    return undefined;
  return sameUrl(parsed, whole) ? whole : undefined;
}

/**
 * A path of which the URL Standard leaves every character as it is, and no segment of which is `.` or `..`: there is nothing to
 * be proven, and parsing a URL costs as much as all the rest of writing it.
 */
function isPlainPath(path: string): boolean {
  return /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~!$&()*+,;=:@-]*)+$/.test(path);
}

function isPlainQuery(query: string): boolean {
  return /^[A-Za-z0-9._~!$&()*+,;=:@/?%-]*$/.test(query);
}

interface Base {
  readonly origin: string;
  readonly path: string;
  readonly query: string;
}

const bases = new Map<string, Base>();
const MAX_BASES = 1_000;

/** A server's URL taken apart, once for each: every call begins with one of a few. */
function baseOf(server: string): Base {
  let base = bases.get(server);
  if (!base) {
    const { origin, pathname, search } = new URL(server);
    base = { origin, path: pathname.replace(/\/$/, ''), query: search.slice(1) };
    if (bases.size >= MAX_BASES) bases.clear();
    bases.set(server, base);
  }
  return base;
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

/** WHATWG encodes `'` in queries; nothing else may differ. */
function sameUrl(parsed: URL, written: string): boolean {
  return parsed.href === written || parsed.href.replaceAll('%27', "'") === written.replaceAll('%27', "'");
}

function firstPathArgument(template: RequestTemplate, argumentOf: (index: number) => string): string {
  const index = template.parameters.findIndex((parameter) => parameter.in === 'path');
  return index < 0 ? 'path' : argumentOf(index);
}

const accepts = new WeakMap<readonly string[], string>();

/** Written once for each template. */
function accepted(types: readonly string[]): string {
  const known = accepts.get(types) ?? acceptOf(types);
  accepts.set(types, known);
  return known;
}

function acceptOf(types: readonly string[]): string {
  const named = types.filter((type) => /^[\w.+*-]+\/[\w.+*-]+/.test(type) && !/[^\x20-\x7e]/.test(type)).slice(0, 8);
  return named.length === 0 ? '*/*' : `${named.join(', ')}, */*;q=0.5`;
}

interface ParameterEntry {
  readonly wire: ParameterWire;
  readonly index: number;
  readonly value: unknown;
}

function writeHeaders(
  entries: readonly ParameterEntry[],
  argumentOf: (index: number) => string,
  into: [string, string][],
): ArgumentIssue[] {
  const cookies: string[] = [];
  const issues: ArgumentIssue[] = [];
  for (const { wire, index, value } of entries) {
    if (wire.in === 'header') {
      const text = writeHeaderValue(wire, value);
      if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
        issues.push({
          argument: argumentOf(index),
          message:
            'holds characters that no HTTP header can carry (line breaks, control characters or characters beyond Latin-1)',
        });
      else into.push([wire.name, text]);
    } else if (wire.in === 'cookie') {
      const pairs = writeCookiePairs(wire, value);
      if (pairs.some((pair) => /[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/.test(pair.replaceAll(',', ''))))
        issues.push({ argument: argumentOf(index), message: 'holds characters that no cookie can carry' });
      cookies.push(...pairs);
    }
  }
  if (cookies.length > 0) into.push(['cookie', cookies.join('; ')]);
  return issues;
}

type PlannedBody =
  | { readonly ok: true; readonly contentType?: string; readonly body?: string | Uint8Array }
  | { readonly ok: false; readonly issues: readonly ArgumentIssue[] };

function planBody(template: RequestTemplate, given: Given, context: PlanContext): PlannedBody {
  const { body } = template;
  if (!body) return { ok: true };
  const input = bodyInput(body, given);
  if (!input.ok || input.value === undefined) return input.ok ? { ok: true } : input;
  const wire = body.choices.find((choice) => choice.mediaType === given.contentType) ?? body.choices[0]!;
  const options: BodyInput = {
    wire,
    value: input.value,
    argument: given.body ? 'body' : '',
    ...(context.readFile ? { readFile: context.readFile } : {}),
    ...(context.boundary ? { boundary: context.boundary } : {}),
  };
  return encodeBody(options);
}

function bodyInput(
  body: NonNullable<RequestTemplate['body']>,
  given: Given,
): { ok: true; value: unknown } | { ok: false; issues: readonly ArgumentIssue[] } {
  if (given.body) return { ok: true, value: given.body.value };
  if (given.properties.size === 0) {
    if (!body.required) return { ok: true, value: undefined };
    return body.requiredProperties.length > 0
      ? { ok: false, issues: body.requiredProperties.map((name) => ({ argument: name, message: 'is required' })) }
      : { ok: true, value: {} };
  }
  const missing = body.requiredProperties.filter((name) => !given.properties.has(name));
  if (missing.length > 0)
    return {
      ok: false,
      issues: missing.map((name) => ({ argument: name, message: 'is required once any part of the body is given' })),
    };
  const value: { [name: string]: unknown } = Object.create(null);
  for (const [name, member] of given.properties) value[name] = member;
  return { ok: true, value };
}
