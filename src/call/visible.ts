import type { Content } from './types.ts';

/**
 * What a model reads and a person does not see: bidirectional controls, zero-width spaces, tags and the variation selectors
 * beside them (UTS #39, "Trojan Source"). Joiners stay: scripts and emoji are written with them.
 */
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

/** The same written as JSON escapes: unseen in the text, there in the value. */
const ESCAPED = /\\u(?:061c|20[0-6]|feff|fff|db40)/i;

export interface Visible {
  readonly content: Content;
  /** Characters that were taken out. */
  readonly removed: number;
}

/** An answer without the characters that only a model sees. Bytes are passed on as they came. */
export function visibleContent(content: Content): Visible {
  if (content.kind === 'multipart') return visibleParts(content);
  if (content.kind !== 'json' && content.kind !== 'text') return { content, removed: 0 };
  const plain = content.text.match(INVISIBLE)?.length ?? 0;
  if (content.kind === 'text')
    return { content: plain === 0 ? content : { ...content, text: visible(content.text) }, removed: plain };
  if (plain === 0 && !ESCAPED.test(content.text)) return { content, removed: 0 };
  const counter = { removed: 0 };
  const value = visibleValue(content.value, counter);
  if (counter.removed === 0) return { content, removed: 0 };
  // The text as it came keeps numbers that no double holds; only escapes make it necessary to write it anew.
  const text = counter.removed > plain ? JSON.stringify(value) : visible(content.text);
  return { content: { kind: 'json', value, text }, removed: counter.removed };
}

function visibleParts(content: Extract<Content, { kind: 'multipart' }>): Visible {
  let removed = 0;
  const parts = content.parts.map((part) => {
    const seen = visibleContent(part.content);
    removed += seen.removed;
    return { ...part, content: seen.content };
  });
  return { content: removed === 0 ? content : { ...content, parts }, removed };
}

function visible(text: string): string {
  return text.replace(INVISIBLE, '');
}

function visibleValue(value: unknown, counter: { removed: number }): unknown {
  if (typeof value === 'string') return counted(value, counter);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => visibleValue(item, counter));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [counted(name, counter), visibleValue(member, counter)]),
  );
}

function counted(text: string, counter: { removed: number }): string {
  const found = text.match(INVISIBLE)?.length ?? 0;
  counter.removed += found;
  return found === 0 ? text : visible(text);
}
