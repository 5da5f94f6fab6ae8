import { NetError } from '../net/errors.ts';

/** The calls that run, so that the end of the process can wait for them or end them. */
export interface CallsUnderWay {
  /** Aborts when the calls are to end. */
  readonly ending: AbortSignal;
  /** No new calls are to begin. */
  readonly closed: boolean;
  begin(): void;
  end(): void;
  /** Lets no new ones begin, and waits for those there are, `ms` at most. True: none is left. */
  drain(ms: number): Promise<boolean>;
  /** Ends those that are left as cancelled, and waits until they have written down what became of them. */
  cancel(): Promise<void>;
}

/** A call that was cancelled needs no longer than this to end. */
const CANCEL_MS = 2_000;

export function createCallsUnderWay(): CallsUnderWay {
  const controller = new AbortController();
  const waiting = new Set<() => void>();
  let running = 0;
  let closed = false;

  async function drain(ms: number): Promise<boolean> {
    closed = true;
    if (running === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    return running === 0;
  }

  return {
    ending: controller.signal,
    get closed() {
      return closed;
    },
    begin: () => void running++,
    end() {
      running--;
      if (running === 0) for (const resolve of waiting) resolve();
    },
    drain,
    async cancel() {
      controller.abort(new NetError('cancelled', true, 'The bridge is shutting down'));
      await drain(CANCEL_MS);
    },
  };
}
