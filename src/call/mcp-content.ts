import { unreachable } from '../errors.ts';
import type { Content, ContentBlock } from './types.ts';

type McpContent = Extract<Content, { kind: 'mcp' }>;

/** A block in words, for those who take text alone; images, sound and other bytes by their type and size. */
export function textOfBlock(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type} ${block.mimeType}, ${bytesOf(block.data)} bytes]`;
    case 'resource': {
      const { uri, mimeType, text, blob } = block.resource;
      if (text !== undefined) return text;
      return `[resource ${uri}${mimeType ? `, ${mimeType}` : ''}${blob === undefined ? '' : `, ${bytesOf(blob)} bytes`}]`;
    }
    case 'resource_link': {
      const { name, uri, mimeType, description } = block;
      return `[resource ${name}: ${uri}${mimeType ? `, ${mimeType}` : ''}]${description ? ` ${description}` : ''}`;
    }
    default:
      return unreachable(block);
  }
}

function bytesOf(base64: string): number {
  return Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
}

/** All that is text in an answer. */
export function textOfContent({ blocks }: McpContent): string {
  return blocks.map(textOfBlock).join('\n');
}

/** The JSON value of an answer: its structured content, or its only block when that is an object or array in JSON. */
export function jsonOfContent({ blocks, structured }: McpContent): { readonly value: unknown } | undefined {
  if (structured !== undefined) return { value: structured };
  const [block, ...more] = blocks;
  if (block?.type !== 'text' || more.length > 0 || !/^\s*[[{]/.test(block.text)) return undefined;
  try {
    return { value: JSON.parse(block.text) as unknown };
  } catch {
    return undefined;
  }
}
