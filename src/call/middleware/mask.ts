import type { Masker } from '../../secrets.ts';
import type { Middleware } from '../compose.ts';
import type { Call } from '../execute.ts';
import type { CallResult, Content, ContentBlock } from '../types.ts';

/**
 * Takes every registered secret out of what a caller is shown (SECURITY.md, Promises: "no secret stands in … a result"): an
 * API may echo the credential it was sent. Bytes are passed on as they came.
 */
export function mask(masker: Masker): Middleware<Call, CallResult> {
  return (next) => (call) => next(call).then((result) => masked(result, masker));
}

function masked(result: CallResult, masker: Masker): CallResult {
  if (result.kind === 'ok' || result.kind === 'refused') {
    const content = maskContent(result.content, masker);
    return content === result.content ? result : { ...result, content };
  }
  return masker.maskValue(result) as CallResult;
}

function maskContent(content: Content, masker: Masker): Content {
  if (content.kind === 'mcp') return maskBlocks(content, masker);
  if (content.kind === 'multipart') return maskParts(content, masker);
  if (content.kind !== 'json' && content.kind !== 'text') return content;
  const text = masker.mask(content.text);
  if (text === content.text) return content;
  return content.kind === 'text' ? { ...content, text } : { ...content, text, value: masker.maskValue(content.value) };
}

function maskParts(content: Extract<Content, { kind: 'multipart' }>, masker: Masker): Content {
  const parts = content.parts.map(({ content: each, name }) => ({
    content: maskContent(each, masker),
    ...(name === undefined ? {} : { name: masker.mask(name) }),
  }));
  return { ...content, parts };
}

function maskBlocks(content: Extract<Content, { kind: 'mcp' }>, masker: Masker): Content {
  const blocks = content.blocks.map((block) => maskBlock(block, masker));
  const structured = masker.maskValue(content.structured);
  const same = structured === content.structured && blocks.every((block, index) => block === content.blocks[index]);
  return same ? content : { ...content, blocks, ...(structured === undefined ? {} : { structured }) };
}

function maskBlock(block: ContentBlock, masker: Masker): ContentBlock {
  if (block.type === 'image' || block.type === 'audio') return block;
  if (block.type !== 'resource') return masker.maskValue(block) as ContentBlock;
  const { blob, ...rest } = block.resource;
  const masked = masker.maskValue(rest);
  return masked === rest
    ? block
    : { ...block, resource: { ...rest, ...(masked as object), ...(blob === undefined ? {} : { blob }) } };
}
