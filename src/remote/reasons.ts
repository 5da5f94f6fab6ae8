/** Why a server could not be started, in words. */
export function reasonOf(error: unknown): string {
  if (isEnd(error)) return 'it ended before it had introduced itself';
  const status = (error as { readonly status?: unknown } | undefined)?.status;
  if (status === 401 || status === 403)
    return `it wants a credential (HTTP ${status}): give one under "headers", or let "npx mcp-remote <url>" be the command`;
  return error instanceof Error ? error.message : String(error);
}

/** In the words of the SDK, which has no code for it during the first question. */
export function isEnd(error: unknown): boolean {
  return error instanceof Error && /connection closed/i.test(error.message);
}

/** Of what it wrote to stderr, the line that most likely says why. */
export function lastWords(lines: readonly string[]): string {
  const line = lines.findLast((each) => /error|cannot|fail|not found|denied/i.test(each)) ?? lines.at(-1);
  return line === undefined ? '' : `; it said: ${line.trim().slice(0, 300)}`;
}
