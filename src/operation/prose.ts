import { cleanText } from './text.ts';

/** Stand for a link's ends while sentences are looked at; `cleanText` has removed them from what a document says. */
const [OPEN, CLOSE] = ['\u0001', '\u0002'];
const LINK = /!?\[([^[\]]{0,400})\]\((?:[^()\s]|\([^()\s]*\))*(?: "[^"\n]*")?\)/g;
const ANCHOR = /<a\s[^<>]*>([^<>]*)<\/a>/gi;
const MARKUP = /<\/?(?:p|br|a|b|i|em|strong|code|tt|ul|ol|div|span|font|h[1-6])(?:\s[^<>]*)?\/?>/gi;
const REFERRAL =
  /^\s*\(?(?:(?:for|to)\b[^\u0001]{0,100},? (?:please )?(?:see|refer to|read|visit|check out)\b|(?:please )?(?:see|read more|learn more|refer to)\b)/i;

/**
 * A description as a model needs it: the words of Markdown and HTML without their markup. Addresses of links go, and with
 * them sentences that only send the reader there ("For more information, see …"); hard-wrapped lines become whole ones.
 * Code blocks stay as they are. Takes time linear in the text's length.
 */
export function tidyProse(text: string): string {
  const clean = cleanText(text);
  if (!/[\n<*>]|\]\(/.test(clean)) return clean;
  if (!clean.includes('```')) return tidyPart(clean).trim();
  return clean
    .split(/(```[^`]*```)/)
    .map((part, index) => (index % 2 === 1 ? part : tidyPart(part)))
    .join('')
    .trim();
}

/** A tidy text as a document would have it: `tidyProse` makes the same of it again. */
export function asParagraphs(text: string): string {
  if (!text.includes('\n')) return text;
  return text
    .split(/(```[^`]*```)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/\n+/g, '\n\n')))
    .join('');
}

function tidyPart(text: string): string {
  const linked = markLinks(text);
  const told = linked.includes(OPEN) ? withoutReferrals(linked) : linked;
  const plain = told.includes('<') ? withoutTags(told) : told;
  const unquoted = plain.includes('>') ? plain.replace(/^> ?(?:\[!\w+\][ \t]*)?/gm, '') : plain;
  const words = unquoted.includes('**') ? unquoted.replace(/\*\*([^*\n]+)\*\*/g, '$1') : unquoted;
  return words.includes('\n') ? unwrapped(words) : withoutGaps(words);
}

function withoutGaps(text: string): string {
  return text.includes('  ') || text.includes('\t') ? text.replace(/[ \t]{2,}|\t/g, ' ') : text;
}

function markLinks(text: string): string {
  // Twice: an image may be the text of a link.
  const inner = text.includes('](') ? text.replace(LINK, `${OPEN}$1${CLOSE}`) : text;
  const linked = inner.includes('](') ? inner.replace(LINK, `${OPEN}$1${CLOSE}`) : inner;
  return linked.includes('<') ? linked.replace(ANCHOR, `${OPEN}$1${CLOSE}`) : linked;
}

function withoutTags(text: string): string {
  return text
    .replace(/<li(?:\s[^<>]*)?>/gi, '\n\n- ')
    .replace(/<\/(?:p|li)>/gi, '\n\n')
    .replace(MARKUP, (tag) => (/^<br/i.test(tag) ? '\n\n' : ''));
}

function withoutReferrals(text: string): string {
  return text
    .split(/(?<=[.!?]["')\u0002]{0,3})(?=\s)|(?=\n)/)
    .filter((sentence) => !(sentence.length < 400 && sentence.includes(OPEN) && REFERRAL.test(sentence)))
    .join('')
    .replace(/[\u0001\u0002]/g, '');
}

/** Paragraphs, list items, headings and rows of tables on a line of their own, no line empty. */
function unwrapped(text: string): string {
  return withoutGaps(text)
    .replace(/ \n ?|\n /g, '\n')
    .replace(/([^\n|])\n(?![\n*\-+#|`]|\d{1,3}[.)] |$)/g, '$1 ')
    .replace(/\n{2,}/g, '\n');
}
