import { CORE_SCHEMA, constructFromEvents, EVENT_ID, type Event, mergeTag, parseEvents, YAMLException } from 'js-yaml';
import { BridgeError } from '../errors.ts';
import { MAX_DEPTH, tooDeep } from './limits.ts';
import { appendKey } from './references.ts';

/** A key that stands a second time in one mapping; the last one counts. */
export interface DuplicateKey {
  readonly pointer: string;
  /** Offset of the later key. */
  readonly offset: number;
}

export interface YamlRead {
  readonly value: unknown;
  /** Aliases occur: nodes may be shared. */
  readonly shared: boolean;
  readonly duplicates: readonly DuplicateKey[];
}

export interface YamlRefusal {
  readonly refused: string;
  /** `:line:column`, when it is known. */
  readonly place: string;
}

const MAX_MERGED_KEYS = 1_000_000;
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

/**
 * YAML 1.2 by js-yaml: core schema and merge keys, so timestamps, `yes` and `no` stay text; keys are text; of duplicate keys
 * the last one counts. Throws SPEC_TOO_LARGE for depth and for merge keys without end; any other refusal is returned.
 */
export function readYaml(text: string, name: string): YamlRead | YamlRefusal {
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const { documents, duplicates } = construct(events, text);
    if (documents.length !== 1)
      return { refused: documents.length === 0 ? 'it is empty' : 'it holds more than one document', place: '' };
    return { value: documents[0], shared: events.some(({ type }) => type === EVENT_ID.ALIAS), duplicates };
  } catch (error) {
    // js-yaml's own advice: whatever it throws is about the text, and not only YAMLException.
    if (!(error instanceof Error)) throw error;
    return refusalOf(error, name);
  }
}

function construct(events: Event[], source: string): { documents: unknown[]; duplicates: readonly DuplicateKey[] } {
  const options = { source, schema: SCHEMA, maxTotalMergeKeys: MAX_MERGED_KEYS };
  try {
    return { documents: constructFromEvents(events, options), duplicates: [] };
  } catch (error) {
    if (!(error instanceof YAMLException) || !error.reason.startsWith('duplicated mapping key')) throw error;
    return {
      documents: constructFromEvents(events, { ...options, json: true }),
      duplicates: findDuplicates(events, source),
    };
  }
}

function refusalOf(error: Error, name: string): YamlRefusal {
  const { reason, mark } = error as Partial<YAMLException>;
  const place = mark ? `:${mark.line + 1}:${mark.column + 1}` : '';
  if (reason?.includes('maxDepth')) throw tooDeep(name, place);
  if (reason?.includes('maxTotalMergeKeys'))
    throw new BridgeError('SPEC_TOO_LARGE', `${name}${place}: merge keys (<<) copy more than ${MAX_MERGED_KEYS} keys`, {
      hint: 'Replace the merge keys by $ref.',
    });
  return { refused: reason ?? error.message, place };
}

interface Frame {
  /** Of a mapping. */
  readonly keys: Set<string> | undefined;
  key: string | undefined;
  index: number;
}

function findDuplicates(events: readonly Event[], source: string): DuplicateKey[] {
  const duplicates: DuplicateKey[] = [];
  const frames: Frame[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) frames.pop();
    else if (event.type === EVENT_ID.DOCUMENT) frames.push({ keys: undefined, key: undefined, index: -1 });
    else {
      const duplicate = enter(frames, event, source);
      if (duplicate) duplicates.push(duplicate);
      if (event.type === EVENT_ID.MAPPING) frames.push({ keys: new Set(), key: undefined, index: 0 });
      if (event.type === EVENT_ID.SEQUENCE) frames.push({ keys: undefined, key: undefined, index: -1 });
    }
  }
  return duplicates;
}

/** Counts a node in its collection: an item, a value, or a key, which may be there already. */
function enter(frames: readonly Frame[], event: Event, source: string): DuplicateKey | undefined {
  const frame = frames.at(-1)!;
  frame.index++;
  if (!frame.keys || frame.index % 2 === 0) return undefined;
  const isText = event.type === EVENT_ID.SCALAR && event.valueStart >= 0;
  const key = isText ? source.slice(event.valueStart, event.valueEnd) : '';
  frame.key = key;
  if (!frame.keys.has(key)) {
    frame.keys.add(key);
    return undefined;
  }
  // Several merge keys in one mapping are no duplicates.
  if (key === '<<' || !isText) return undefined;
  const pointer = frames.slice(1).reduce((path, { key: name, index }) => appendKey(path, name ?? String(index)), '');
  return { pointer, offset: event.valueStart };
}
