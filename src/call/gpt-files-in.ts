import { GPT_FILES, gptFilesArgument } from '../tool/gpt-files.ts';
import type { Tool } from '../tool/types.ts';
import { type ReadFile, readFileArgument } from './file-argument.ts';
import type { FileLink, LinkedFile } from './file-links.ts';
import type { ArgumentIssue } from './types.ts';

export interface GptFileContext {
  readonly link: (file: LinkedFile) => FileLink | Promise<FileLink>;
  readonly readFile?: ReadFile;
}

/** The object that a GPT backend is sent for a file. */
interface GptFile {
  readonly name: string;
  readonly id: string;
  readonly mime_type: string;
  readonly download_link: string;
}

export type GptFilesPrepared =
  | { readonly ok: true; readonly args: unknown }
  | { readonly ok: false; readonly issues: readonly ArgumentIssue[] };

/**
 * Files as a client gives them (bytes, a URL, ChatGPT's own `{ download_url, file_id }`) turned into what a GPT backend expects
 * (OpenAI, "Sending files": name, id, mime_type, download_link). Arguments of other tools come back as they are.
 */
export function prepareGptFiles(
  tool: Tool,
  args: unknown,
  context: GptFileContext,
): GptFilesPrepared | Promise<GptFilesPrepared> {
  const place = placeOf(tool, args);
  return place ? prepareAll(place, context) : { ok: true, args };
}

async function prepareAll(place: Place, context: GptFileContext): Promise<GptFilesPrepared> {
  const files: unknown[] = [];
  const issues: ArgumentIssue[] = [];
  for (const [index, item] of place.items.entries()) {
    const file = await prepare(item, context);
    if ('issue' in file) issues.push({ argument: `${place.name}[${index}]`, message: file.issue });
    else files.push(file.value);
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, args: place.with(files) };
}

interface Place {
  readonly name: string;
  readonly items: readonly unknown[];
  with(files: readonly unknown[]): unknown;
}

/** Beside the parameters, or in a body that is one argument. */
function placeOf(tool: Tool, args: unknown): Place | undefined {
  const own = (holder: unknown, name: string): unknown =>
    typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
      ? (holder as { [name: string]: unknown })[name]
      : undefined;
  const argument = gptFilesArgument(tool);
  if (argument !== undefined) {
    const items = own(args, argument);
    if (!Array.isArray(items)) return undefined;
    return { name: argument, items, with: (files) => ({ ...(args as object), [argument]: files }) };
  }
  if (!tool.bindings.some(({ target }) => target.kind === 'body')) return undefined;
  const body = own(args, 'body');
  const items = own(body, GPT_FILES);
  if (!Array.isArray(items)) return undefined;
  return {
    name: `body.${GPT_FILES}`,
    items,
    with: (files) => ({ ...(args as object), body: { ...(body as object), [GPT_FILES]: files } }),
  };
}

type Made = { readonly value: unknown } | { readonly issue: string };

async function prepare(item: unknown, context: GptFileContext): Promise<Made> {
  if (typeof item === 'string') return fromText(item, {}, context);
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return { issue: 'must be a file' };
  const member = (...names: readonly string[]) => {
    const found = names.find((name) => Object.hasOwn(item, name) && typeof textIn(item, name) === 'string');
    return found === undefined ? undefined : (textIn(item, found) as string);
  };
  const naming = defined({
    name: member('name', 'file_name', 'filename'),
    id: member('id', 'file_id'),
    mimeType: member('mime_type', 'mimeType'),
  });
  const url = member('download_link', 'download_url', 'url', 'uri', 'file_url');
  if (url !== undefined) return fromText(url, naming, context);
  const file = readFileArgument(item, context.readFile);
  if (typeof file === 'string') return { issue: `${file}, or url` };
  return fromBytes(file.bytes, { ...defined({ name: file.filename, mimeType: file.mimeType }), ...naming }, context);
}

interface Naming {
  readonly name?: string;
  readonly id?: string;
  readonly mimeType?: string;
}

/** A text that is no URI is an id that the backend knows. */
async function fromText(text: string, naming: Naming, context: GptFileContext): Promise<Made> {
  if (/^data:/i.test(text)) {
    const file = readFileArgument(text, undefined);
    if (typeof file === 'string') return { issue: file };
    return fromBytes(file.bytes, { ...defined({ mimeType: file.mimeType }), ...naming }, context);
  }
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text))
    return { value: Object.keys(naming).length > 0 ? { ...naming, id: text } : text };
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return { issue: 'must be an http(s) or data: URI' };
  const name = naming.name ?? (decodeName(new URL(text).pathname) || 'file');
  return { value: gptFile({ name, id: naming.id ?? name, mimeType: naming.mimeType ?? typeOf(name), url: text }) };
}

async function fromBytes(bytes: Uint8Array, naming: Naming, context: GptFileContext): Promise<Made> {
  const name = naming.name ?? 'file';
  const mimeType = naming.mimeType ?? typeOf(name);
  const { id, url } = await context.link({ bytes, name, mimeType });
  return { value: gptFile({ name, id: naming.id ?? id, mimeType, url }) };
}

function gptFile({ name, id, mimeType, url }: { name: string; id: string; mimeType: string; url: string }): GptFile {
  return { name, id, mime_type: mimeType, download_link: url };
}

function textIn(item: object, name: string): unknown {
  return (item as { [name: string]: unknown })[name];
}

function defined(naming: { readonly [Key in keyof Naming]: string | undefined }): Naming {
  return Object.fromEntries(Object.entries(naming).filter(([, value]) => value !== undefined)) as Naming;
}

function decodeName(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

const TYPES: { readonly [ending: string]: string } = {
  csv: 'text/csv',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown',
  mp3: 'audio/mpeg',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  wav: 'audio/wav',
  webp: 'image/webp',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  zip: 'application/zip',
};

/** The media type that a name's ending stands for. */
export function typeOf(name: string): string {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(TYPES, ending) ? TYPES[ending]! : 'application/octet-stream';
}
