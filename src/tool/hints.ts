import type { ToolHints } from './types.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);
const IDEMPOTENT = new Set([...SAFE, 'PUT', 'DELETE']);

/**
 * MCP annotations from HTTP's own semantics (RFC 9110 §9.2) and the declared `x-openai-isConsequential`: `true` makes any
 * operation a destructive write; `false` only takes the prompt away, it makes nothing read-only.
 */
export function hintsOf(method: string, consequential: boolean | undefined): ToolHints {
  const safe = SAFE.has(method);
  return {
    readOnly: safe && consequential !== true,
    destructive: method === 'DELETE' || consequential === true,
    idempotent: IDEMPOTENT.has(method),
    openWorld: true,
  };
}

/** Methods that promise not to change anything (RFC 9110 §9.2.1, QUERY as drafted). */
export function isSafeMethod(method: string): boolean {
  return SAFE.has(method);
}
