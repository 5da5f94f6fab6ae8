/** What the bridge does itself, so that a call needs no words about it: credentials, and the media type of the answer. */
const OURS =
  /\b(?:OAuth|(?:access|bearer|fine-grained) tokens?|scopes?|authenticated users?|permissions?|media types?|JWT|API keys?|credentials?)\b|`?application\//i;
/** A paragraph in so many descriptions of one API tells none of them apart. */
const REPEATED = 5;

/**
 * Paragraphs (lines) that stand in the descriptions of many operations of one API and only speak of what the bridge does
 * itself. They are left out, since every tool would repeat them.
 */
export function findBoilerplate(descriptions: readonly string[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const description of descriptions) {
    for (const paragraph of new Set(description.split('\n'))) counts.set(paragraph, (counts.get(paragraph) ?? 0) + 1);
  }
  const repeated = [...counts.keys()].filter((paragraph) => counts.get(paragraph)! >= REPEATED);
  return new Set(repeated.filter((paragraph) => OURS.test(paragraph)));
}

/** The description without the paragraphs; as it is when nothing else stands in it. */
export function withoutBoilerplate(description: string, boilerplate: ReadonlySet<string>): string {
  if (boilerplate.size === 0 || description === '') return description;
  const kept = description.split('\n').filter((paragraph) => !boilerplate.has(paragraph));
  return kept.length === 0 ? description : kept.join('\n');
}
