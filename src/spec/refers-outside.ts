/**
 * Whether references of a document may need more than the document itself: a `$ref` that does not begin with `#`, or (since
 * 3.1) an `$id`, which the local references below it are relative to. Cheap, and on the text: most documents have neither, and
 * a walk over a large one to find that out is not. It may find what is none; it overlooks references written with escapes and
 * documents whose discriminator mappings alone name files, which dangle.
 */
export function mayReferOutside(text: string, hasIds: boolean): boolean {
  return /\$ref["']?\s*:\s*(?:["']|[|>][-+]?)?\s*(?!["'#\s|>])/.test(text) || (hasIds && /\$id["']?\s*:/.test(text));
}
