/** Characters of an answer that a model is shown. */
export const MAX_TEXT = 100_000;

/** JSON text that fits: as it came when it does, else its shape with long arrays sampled and long texts cut, and what was left out said first. Never cut inside JSON. */
export function shapeJson(value: unknown, text: string, limit = MAX_TEXT): string {
  if (text.length <= limit) return text;
  for (const detail of [
    { items: 100, characters: 4_000 },
    { items: 25, characters: 1_000 },
    { items: 10, characters: 300 },
    { items: 3, characters: 100 },
    { items: 1, characters: 40, members: 40 },
    { items: 1, characters: 20, members: 10 },
  ]) {
    const left: Left = { items: 0, characters: 0, members: 0 };
    const shaped = JSON.stringify(sample(value, { members: Number.POSITIVE_INFINITY, ...detail }, left, 0));
    if (shaped.length <= limit - 300) return `${describe(text.length, left)}\n${shaped}`;
  }
  return `The answer is ${text.length} characters of JSON, too large to show even in outline. Ask for less.`;
}

interface Detail {
  readonly items: number;
  readonly characters: number;
  readonly members: number;
}

interface Left {
  items: number;
  characters: number;
  members: number;
}

const MAX_DEPTH = 60;

function sample(value: unknown, detail: Detail, left: Left, depth: number): unknown {
  if (typeof value === 'string') return cut(value, detail, left);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) {
    left.items += Math.max(0, value.length - detail.items);
    return value.slice(0, detail.items).map((item) => sample(item, detail, left, depth + 1));
  }
  const entries = Object.entries(value);
  left.members += Math.max(0, entries.length - detail.members);
  return Object.fromEntries(
    entries.slice(0, detail.members).map(([key, member]) => [key, sample(member, detail, left, depth + 1)]),
  );
}

function cut(text: string, detail: Detail, left: Left): string {
  if (text.length <= detail.characters) return text;
  left.characters += text.length - detail.characters;
  return `${text.slice(0, detail.characters)}…`;
}

function describe(length: number, left: Left): string {
  const parts = [
    left.items > 0 && `${left.items} array items`,
    left.members > 0 && `${left.members} members`,
    left.characters > 0 && `${left.characters} characters of texts`,
  ].filter(Boolean);
  return `The answer is ${length} characters of JSON; this is its shape with ${parts.join(', ')} left out. Ask for less to see all of a part (a filter, a page, a field list).`;
}

/** Text that fits, cut between words, with a note. */
export function shapeText(text: string, limit = MAX_TEXT): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 200)}…\n(${text.length - limit + 200} of ${text.length} characters left out)`;
}
