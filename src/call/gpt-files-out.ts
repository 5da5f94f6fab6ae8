import { MAX_GPT_FILES } from '../tool/gpt-files.ts';
import { typeOf } from './gpt-files-in.ts';
import type { Content, ContentBlock } from './types.ts';

/** The member of an answer that a GPT backend returns files in (OpenAI, "Returning files"). */
const FILES = 'openaiFileResponse';
const MAX_BYTES = 10 * 2 ** 20;

/**
 * Files of an answer as content of their own: images and sound as such, other bytes as resources, URLs as links. What stays in the
 * JSON is a stub with name, type and size: no base64 is in a text that a model reads. At most ten files of 10 MB, as ChatGPT
 * takes them; what is left out is said in its stub. Undefined for answers without files.
 */
export function takeGptFiles(content: Content): Content | undefined {
  if (content.kind !== 'json') return undefined;
  const { value } = content;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, FILES)) return undefined;
  const written = (value as { [name: string]: unknown })[FILES];
  const items = Array.isArray(written) ? written : [written];
  const taken = items.map((item, index) => take(item, index));
  const rest = { ...value, [FILES]: taken.map(({ stub }) => stub) };
  const blocks = taken.flatMap(({ block }) => (block ? [block] : []));
  return { kind: 'mcp', blocks: [{ type: 'text', text: JSON.stringify(rest) }, ...blocks], structured: rest };
}

interface Taken {
  readonly stub: object;
  readonly block?: ContentBlock;
}

function take(item: unknown, index: number): Taken {
  if (typeof item === 'string') return link(item, {}, index);
  const member = (...names: readonly string[]): string | undefined => {
    for (const name of names) {
      const found =
        typeof item === 'object' && item !== null && Object.hasOwn(item, name)
          ? (item as { [key: string]: unknown })[name]
          : undefined;
      if (typeof found === 'string') return found;
    }
    return undefined;
  };
  const naming = { name: member('name', 'file_name', 'filename'), mimeType: member('mime_type', 'mimeType') };
  const data = member('content', 'content_base64', 'base64', 'data');
  if (data !== undefined) return bytes(data, naming, index);
  const url = member('url', 'file_url', 'download_link', 'download_url', 'uri');
  if (url !== undefined) return link(url, naming, index);
  return { stub: { left_out: 'this is no file: it has neither content nor a URL' } };
}

interface Naming {
  readonly name?: string | undefined;
  readonly mimeType?: string | undefined;
}

function bytes(written: string, naming: Naming, index: number): Taken {
  const uri = /^data:([^,;]*)[^,]*,(.*)$/s.exec(written);
  const data = (uri ? uri[2]! : written).replace(/\s+/g, '');
  const name = naming.name ?? `file-${index + 1}`;
  const mimeType = naming.mimeType ?? (uri?.[1] || typeOf(name));
  const size = Math.floor((data.replace(/=+$/, '').length * 3) / 4);
  const stub = { name, mime_type: mimeType, size };
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data)) return { stub: { ...stub, left_out: 'its content is not base64' } };
  if (index >= MAX_GPT_FILES) return { stub: { ...stub, left_out: `only ${MAX_GPT_FILES} files are taken` } };
  if (size > MAX_BYTES) return { stub: { ...stub, left_out: 'it is larger than 10 MB' } };
  const base64 = Buffer.from(data, 'base64').toString('base64');
  const type = /^(image|audio)\//i.exec(mimeType)?.[1]?.toLowerCase();
  if (type === 'image' || type === 'audio') return { stub, block: { type, data: base64, mimeType } };
  const place = `actionbridge://files/${index + 1}/${encodeURIComponent(name)}`;
  return {
    stub: { ...stub, uri: place },
    block: { type: 'resource', resource: { uri: place, mimeType, blob: base64 } },
  };
}

/** Whoever reads the link fetches it; nothing is fetched here. */
function link(url: string, naming: Naming, index: number): Taken {
  if (/^data:/i.test(url)) return bytes(url, naming, index);
  const stub = { ...(naming.name === undefined ? {} : { name: naming.name }), url };
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    return { stub: { ...stub, left_out: 'this is no http(s) URL' } };
  if (index >= MAX_GPT_FILES) return { stub: { ...stub, left_out: `only ${MAX_GPT_FILES} files are taken` } };
  const path = new URL(url).pathname;
  const name = naming.name ?? (path.slice(path.lastIndexOf('/') + 1) || `file-${index + 1}`);
  const mimeType = naming.mimeType ?? typeOf(name);
  const type = mimeType === 'application/octet-stream' ? {} : { mimeType };
  return { stub: { ...stub, name }, block: { type: 'resource_link', uri: url, name, ...type } };
}
