/** What handles a call, or sends a request. */
export type Handler<In, Out> = (input: In) => Promise<Out>;

/** A concern around a handler: it may answer itself, change what goes in or out, or call `next` again. */
export type Middleware<In, Out> = (next: Handler<In, Out>) => Handler<In, Out>;

/** The handler with the middleware around it, the first listed outermost. */
export function compose<In, Out>(
  handler: Handler<In, Out>,
  middleware: readonly Middleware<In, Out>[],
): Handler<In, Out> {
  return middleware.reduceRight((next, around) => around(next), handler);
}
