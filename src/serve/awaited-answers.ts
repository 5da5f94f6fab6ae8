import type { JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';

/** The requests of a connection that are still to be answered. */
export class AwaitedAnswers {
  readonly #ids = new Set<RequestId>();
  #onNone: (() => void) | undefined;

  /** Notes a message that goes to whoever answers it. */
  expect({ id, method, params }: Partial<JSONRPCRequest>): void {
    if (method === 'notifications/cancelled') this.settle(params?.['requestId'] as RequestId);
    // The answer to a subscription is its end.
    else if (method !== undefined && id !== undefined && method !== 'subscriptions/listen') this.#ids.add(id);
  }

  settle(id: RequestId): void {
    if (this.#ids.delete(id) && this.#ids.size === 0) this.#onNone?.();
  }

  /** Resolves when there is none, after `ms` at the latest. */
  async drain(ms: number): Promise<void> {
    if (this.#ids.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onNone = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
