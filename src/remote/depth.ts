/** Says in the environment of a server how many bridges stand above it. */
export const DEPTH_VARIABLE = 'ACTIONBRIDGE_DEPTH';

/** A bridge may serve a bridge; deeper, a file of servers has most likely named the bridge that reads it. */
export const MAX_DEPTH = 2;

export function depthIn(environment: { readonly [name: string]: string | undefined }): number {
  const depth = Number(environment[DEPTH_VARIABLE] ?? 0);
  return Number.isInteger(depth) && depth > 0 ? depth : 0;
}
