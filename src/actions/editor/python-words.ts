/** A value as the editor's messages show it: Python's `repr`. */
export function reprOf(value: unknown): string {
  if (typeof value === 'string') return reprOfText(value);
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(reprOf).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${reprOfText(key)}: ${reprOf(member)}`);
  return `{${members.join(', ')}}`;
}

/** Keys as a Python tuple: `('components', 'schemas', 'Pet')`. */
export function tupleOf(keys: readonly string[]): string {
  return `(${keys.map(reprOfText).join(', ')}${keys.length === 1 ? ',' : ''})`;
}

/** Characters as Python counts them: code points. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function reprOfText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
  return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}
