import { isDeepStrictEqual } from 'node:util';
import {
  isJsonLinesMediaType,
  isJsonMediaType,
  isTextMediaType,
  isXmlMediaType,
  mediaTypeEssence,
} from '../../operation/media-type.ts';
import { asParagraphs } from '../../operation/prose.ts';
import { listedInput } from '../../tool/confirmation.ts';
import { hintsOf } from '../../tool/hints.ts';
import type { JsonSchema, Tool } from '../../tool/types.ts';
import { version } from '../../version.ts';
import { EDITOR_LIMITS } from '../editor/finding.ts';
import { EXTENSION, exactInput } from './exact.ts';
import { fitText } from './fit-text.ts';
import { createHoister, type Referred, type Schemas } from './hoist.ts';

export interface ToolDocumentOptions {
  /** Where `/api/{tool}` is, without a slash at the end. */
  readonly publicUrl: string;
  readonly secured: boolean;
  /** Of the APIs behind the tools. */
  readonly title: string;
  readonly description?: string;
}

type Hoister = ReturnType<typeof createHoister>;

/**
 * Tools as `POST /api/{tool}` of this bridge, in a document (OpenAPI 3.1) that the GPT editor imports. What its limits cost
 * stands beside it, in an extension: read back by us, the document gives the same tools.
 */
export function buildToolDocument(tools: readonly Tool[], options: ToolDocumentOptions): object {
  const { publicUrl, secured, title } = options;
  const schemas: Schemas = { Error: ERROR_SCHEMA };
  const hoist = createHoister(schemas);
  const paths = Object.fromEntries(tools.map((tool) => [`/api/${tool.name}`, { post: operationOf(tool, hoist) }]));
  return {
    openapi: '3.1.0',
    info: {
      title: title || 'actionbridge',
      version,
      description: options.description ?? describeTools(title),
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas,
      ...(secured ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(secured ? { security: [{ bearer: [] }] } : {}),
  };
}

/** What such a document says about itself. */
export function describeTools(title: string): string {
  return `Each operation is a tool of actionbridge, over ${title}.`;
}

function operationOf(tool: Tool, hoist: Hoister): object {
  const { name, input, request, hints } = tool;
  const listed = listedInput(tool);
  const body = hoist(listed, { owner: name, lookUp: definitionsOf(listed) });
  const words = wordsOf(tool);
  const consequential = request.consequential ?? !hints.readOnly;
  const exact = {
    ...words.exact,
    ...(body.lossy || listed !== input ? { input: exactInput(tool) } : {}),
    ...(isDeepStrictEqual(hints, hintsOf('POST', consequential)) ? {} : { hints }),
  };
  return {
    operationId: name,
    ...words.shown,
    tags: request.tags.length > 0 ? request.tags : [tool.api],
    ...(request.deprecated ? { deprecated: true } : {}),
    'x-openai-isConsequential': consequential,
    ...(Object.keys(exact).length > 0 ? { [EXTENSION]: exact } : {}),
    ...(Object.keys(listed.properties).length > 0
      ? {
          requestBody: {
            required: (input.required ?? []).length > 0,
            content: { 'application/json': { schema: body.schema } },
          },
        }
      : {}),
    responses: {
      '200': {
        description: 'The answer of the API.',
        content: answersOf(tool, hoist),
      },
      default: {
        description: 'The call failed, or the API refused it.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** By media type, as `/api/{tool}` answers: every kind of JSON as JSON, text as text, other bytes as they come. */
function answersOf(tool: Tool, hoist: Hoister): object {
  const { request, remote, output } = tool;
  const declared = remote ? ['application/json', ...(output ? [] : ['text/plain'])] : request.accept;
  const types = declared.map(mediaTypeEssence).filter((type) => /^[\w.+*-]+\/[\w.+*-]+$/.test(type));
  const others = types.filter((type) => !comesAsJson(type));
  const json = types.filter(comesAsJson);
  return {
    ...(others.length === 0 || json.length > 0
      ? { 'application/json': { schema: jsonAnswer(tool, json, hoist) } }
      : {}),
    ...Object.fromEntries(others.map((type) => [type, comesAsText(type) ? { schema: { type: 'string' } } : {}])),
  };
}

function comesAsJson(type: string): boolean {
  return isJsonMediaType(type) || isCollected(type) || type === '*/*' || type === 'application/*';
}

/** Sequences and streams of events come as a list. */
function isCollected(type: string): boolean {
  return isJsonLinesMediaType(type) || type === EVENTS;
}

const EVENTS = 'text/event-stream';

function jsonAnswer({ name, output }: Tool, types: readonly string[], hoist: Hoister): JsonSchema {
  const isList = types.length > 0 && types.every(isCollected);
  const list = isList ? listAnswer(types, output) : undefined;
  const schema = list ?? output;
  return schema ? hoist(schema, { owner: `${name}_output`, lookUp: definitionsOf(schema) }).schema : ANY_OBJECT;
}

/** Lines as the tool's output has them, where it has any; events as they are read. */
function listAnswer(types: readonly string[], output: JsonSchema | undefined): JsonSchema {
  const { result } = (output?.['properties'] ?? {}) as { readonly result?: JsonSchema };
  const events = types.filter((type) => type === EVENTS).length;
  const items = events === types.length ? EVENT_SCHEMA : events === 0 ? result?.['items'] : undefined;
  return { type: 'array', items: items ?? {} };
}

function comesAsText(type: string): boolean {
  return isTextMediaType(type) || isXmlMediaType(type);
}

/**
 * A description begins with the operation's summary unless its words say that already; a title made of the name comes back by
 * itself. What is longer than the editor takes stands in the extension.
 */
function wordsOf({ name, title, description, request }: Tool): { shown: Texts; exact: Texts } {
  const text = request.deprecated ? description.replace(/^Deprecated\. /, '') : description;
  const end = endOfSummary(text, title);
  const own = title === name.replace(/[_-]+/g, ' ') ? {} : { summary: title };
  const whole: Texts =
    end < 0
      ? { ...own, description: asParagraphs(text) }
      : { summary: asParagraphs(text.slice(0, end)), description: asParagraphs(text.slice(end + 2)) };
  const shown = mapTexts(whole, (each) => fitText(each, EDITOR_LIMITS.operationText));
  const exact = Object.fromEntries(
    Object.entries(whole).filter(([field, each]) => shown[field as keyof Texts] !== each),
  );
  return { shown, exact };
}

/** Tidied texts have an empty line only behind a summary and inside code; -1 when there is no summary in front. */
function endOfSummary(text: string, title: string): number {
  const end = text.indexOf('\n\n');
  const head = text.slice(0, Math.max(end, 0));
  return head.includes('```') || (head.includes('\n') && head.split('\n')[0] !== title) ? -1 : end;
}

interface Texts {
  readonly summary?: string;
  readonly description?: string;
}

function mapTexts(texts: Texts, change: (text: string) => string): Texts {
  return Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, change(text as string)]));
}

/** Definitions that two tools share become one component, if all that they lead to is the same as well. */
function definitionsOf(schema: JsonSchema): (ref: string) => Referred | undefined {
  const definitions = (schema['$defs'] ?? {}) as { readonly [name: string]: JsonSchema };
  const known = new Map<string, Referred>();
  return (ref) => {
    const name = ref.startsWith('#/$defs/') ? unescapePointer(ref.slice(8)) : undefined;
    if (name === undefined || !Object.hasOwn(definitions, name)) return undefined;
    const found = known.get(name) ?? { name, key: keyOf(name, definitions), schema: definitions[name]! };
    known.set(name, found);
    return found;
  };
}

function keyOf(name: string, definitions: { readonly [name: string]: JsonSchema }): string {
  const reached = new Map<string, string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (reached.has(next) || !Object.hasOwn(definitions, next)) continue;
    const text = JSON.stringify(definitions[next]);
    reached.set(next, text);
    for (const [, found] of text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)) queue.push(unescapePointer(found!));
  }
  return JSON.stringify([name, [...reached].sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** The editor drops objects that list no properties. */
const ANY_OBJECT: JsonSchema = { type: 'object', properties: {}, additionalProperties: true };

/** What `/api/{tool}` makes of an event: its data as it is, or parsed where it is JSON. */
const EVENT_SCHEMA: JsonSchema = {
  type: 'object',
  properties: { event: { type: 'string' }, id: { type: 'string' }, data: {} },
};

const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        hint: { type: 'string', description: 'What to do next.' },
        retryable: { type: 'boolean' },
      },
    },
  },
};

/** RFC 6901 §4, in a URI fragment (§6). */
function unescapePointer(token: string): string {
  return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
}
