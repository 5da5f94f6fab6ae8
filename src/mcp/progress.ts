import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallProgress } from '../call/execute.ts';

/** As long as what is called says nothing of itself, `progress` counts the seconds. */
const EVERY_MS = 2_000;

export interface ProgressReport {
  /** What is called has said how far it is: from now on only that is passed on. */
  pass(progress: CallProgress): void;
  end(): void;
}

/**
 * Tells a client that asked (`_meta.progressToken`) that its call is still under way, so that it does not give up (MCP
 * "Progress": only on request, values that grow). A call that is made again begins anew; what it says counts once it is
 * further than before.
 */
export function reportProgress(context: ServerContext, token: string | number, everyMs = EVERY_MS): ProgressReport {
  const started = performance.now();
  let last = 0;
  /** What was told before the first own word: own values stand on top of it. */
  let base: number | undefined;
  const timer = setInterval(() => {
    const seconds = (performance.now() - started) / 1000;
    send({ progress: Math.round(seconds * 1000) / 1000, message: `Waiting for the API, ${Math.round(seconds)} s` });
  }, everyMs);

  function send({ progress, total, message }: CallProgress): void {
    if (progress <= last) return;
    last = progress;
    const params = {
      progressToken: token,
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    };
    context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => clearInterval(timer));
  }

  return {
    pass({ progress, total, message }) {
      clearInterval(timer);
      base ??= last;
      send({ progress: base + progress, total: total === undefined ? undefined : base + total, message });
    },
    end: () => clearInterval(timer),
  };
}
