/** Whether a pattern is within what vendors' grammars can run: no look-around, back-reference or property of Unicode. */
export function isLinearPattern(pattern: string): boolean {
  return !/\(\?(?![:])|\\[1-9kpPuUbB]/.test(pattern.replaceAll('\\\\', ''));
}
