import type { ServerContext } from '@modelcontextprotocol/server';

/** Waiting for an API is all that takes long, and nobody knows for how long: `progress` counts the seconds. */
const EVERY_MS = 2_000;

/**
 * Tells a client that asked (`_meta.progressToken`) every few seconds that its call is still under way, so that it does
 * not give up (MCP "Progress": only on request, values that grow). Gives what ends it.
 */
export function reportProgress(context: ServerContext, token: string | number, everyMs = EVERY_MS): () => void {
  const started = performance.now();
  const timer = setInterval(() => {
    const seconds = (performance.now() - started) / 1000;
    const params = {
      progressToken: token,
      progress: Math.round(seconds * 1000) / 1000,
      message: `Waiting for the API, ${Math.round(seconds)} s`,
    };
    context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => clearInterval(timer));
  }, everyMs);
  return () => clearInterval(timer);
}
