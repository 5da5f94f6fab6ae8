/**
 * Characters that are not seen but read: C0/C1 controls but for tab and line feed, soft hyphen, zero-width and
 * bidirectional ones, variation selectors' supplement, language tags (UTS #39, "Trojan Source"). Joiners inside emoji go too.
 */
const INVISIBLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

/** The characters of a text that are read and not seen, as code points (`U+202E`), each once; line ends are none. */
export function invisibleIn(text: string): readonly string[] {
  if (!/[^\n\x20-\x7e]/.test(text)) return [];
  const found = text.replace(/\r\n?/g, '\n').match(INVISIBLE) ?? [];
  const points = found.map((each) => `U+${each.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
  return [...new Set(points)];
}

/** Text as a person sees it: line ends unified, invisible and bidirectional characters removed, trimmed. */
export function cleanText(text: string): string {
  if (!/[^\n\x20-\x7e]/.test(text)) return text.trim();
  return text.replace(/\r\n?/g, '\n').replace(INVISIBLE, '').trim();
}
