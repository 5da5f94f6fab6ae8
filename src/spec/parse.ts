import { BridgeError } from '../errors.ts';
import { limitNesting, limitNodes, MAX_DEPTH } from './limits.ts';

export interface Parsed {
  readonly value: unknown;
  /** Warnings: duplicate keys, with their place. */
  readonly warnings: readonly string[];
}

/** A document's text as data: JSON, else YAML 1.2 (core schema, merge keys). Throws SPEC_UNREADABLE with line and column. */
export async function parseText(text: string, name: string): Promise<Parsed> {
  const start = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const first = /[^\s]/.exec(start)?.[0];
  if (first === undefined) throw new BridgeError('SPEC_UNREADABLE', `${name}: the document is empty`);
  if (first === '<')
    throw new BridgeError('SPEC_UNREADABLE', `${name}: this is HTML or XML, not an OpenAPI document`, {
      hint: 'A login page, perhaps? Give the URL of the document itself.',
    });
  if (first === '{' || first === '[') {
    const json = parseJson(start);
    if (!(json instanceof Error)) return { value: json, warnings: [] };
    const yaml = await parseYaml(start, name).catch(() => undefined);
    if (yaml) return yaml;
    throw new BridgeError(
      'SPEC_UNREADABLE',
      `${name}${place(start, json.message)}: not JSON: ${json.message.split(' in JSON')[0]}`,
    );
  }
  return parseYaml(start, name);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return error;
  }
}

function place(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  const offset = position === undefined ? text.length : Number(position);
  const before = text.slice(0, offset).split('\n');
  return `:${before.length}:${before.at(-1)!.length + 1}`;
}

/**
 * js-yaml first: four times as fast and half the memory of `yaml`, which reads some real documents that js-yaml refuses
 * (flow mappings closed at a lower indentation).
 */
async function parseYaml(text: string, name: string): Promise<Parsed> {
  const { load, CORE_SCHEMA, mergeTag } = await import('js-yaml');
  const schema = CORE_SCHEMA.withTags(mergeTag);
  const read = (json: boolean) => load(text, { schema, json, maxDepth: MAX_DEPTH, maxTotalMergeKeys: 1_000_000 });
  try {
    return checked(read(false), text, name, []);
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    const reason = (error as { reason?: string }).reason ?? (error as Error).message;
    if (!/duplicate/i.test(reason)) return parseLeniently(text, name, error as Error);
    return checked(read(true), text, name, [`${where(error)}: ${reason}; the last one counts`]);
  }
}

async function parseLeniently(text: string, name: string, refusal: Error): Promise<Parsed> {
  limitNesting(text, name);
  const { readLenientYaml } = await import('./lenient-yaml.ts');
  const read = readLenientYaml(text);
  if (read) return checked(read.value, text, name, []);
  const reason = (refusal as { reason?: string }).reason ?? refusal.message.split('\n')[0];
  throw new BridgeError('SPEC_UNREADABLE', `${name}${where(refusal)}: not YAML: ${reason}`, { cause: refusal });
}

function checked(value: unknown, text: string, name: string, warnings: readonly string[]): Parsed {
  if (/[&*]/.test(text)) limitNodes(value, name);
  return { value, warnings };
}

function where(error: unknown): string {
  const mark = (error as { mark?: { line: number; column: number } }).mark;
  return mark ? `:${mark.line + 1}:${mark.column + 1}` : '';
}
