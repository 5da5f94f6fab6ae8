/** Scheme, host and port of an absolute http(s) URL in WHATWG form. */
export function originOf(url: string): string {
  const end = url.slice(8).search(/[/?#]/);
  return end < 0 ? url : url.slice(0, end + 8);
}
