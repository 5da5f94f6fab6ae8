const MAX_ROUNDS = 4;
/** UTF-8 that is longer than need be (RFC 3629 §10): lenient decoders read dots and slashes in it. */
const OVERLONG = /%(?:25)*(?:c0%(?:25)*(?:ae|af|2e|2f)|c1%(?:25)*9c|e0%(?:25)*80%(?:25)*(?:ae|af))/gi;
const OVERLONG_DOT = /(?:ae|2e)$/i;

/**
 * Whether any reading of the text, decoded up to four times and NFKC-normalised, holds a dot segment (RFC 3986 §5.2.4, and
 * what servers add to it).
 */
export function hasDotSegment(text: string): boolean {
  if (!/[.%\u0080-\uffff]/.test(text)) return false;
  let current = text.replace(OVERLONG, (found) => (OVERLONG_DOT.test(found) ? '.' : '/'));
  for (let round = 0; round <= MAX_ROUNDS; round++) {
    const plain = current.normalize('NFKC').replace(/[\t\n\r\0]/g, '');
    if (plain.split(/[/\\]/).some((part) => /^\.{1,2}(?:;.*)?$/.test(part))) return true;
    const next = decodeLeniently(current);
    if (next === current) return false;
    current = next;
  }
  return false;
}

function decodeLeniently(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}
