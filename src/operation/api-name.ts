/** A name for an API from a title: lower case, digits and `_`, a letter first, at most 32 characters. */
export function apiNameFrom(title: string): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 32)
    .replace(/_+$/, '');
  return words === '' ? 'api' : words;
}
