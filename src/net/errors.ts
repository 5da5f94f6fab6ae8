/** What went wrong on the network. `sent`: some of the request may have reached the API. */
export class NetError extends Error {
  readonly kind: 'address' | 'connect' | 'timeout' | 'cancelled' | 'reset' | 'protocol' | 'too-large';
  readonly sent: boolean;

  constructor(kind: NetError['kind'], sent: boolean, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'NetError';
    this.kind = kind;
    this.sent = sent;
  }
}
