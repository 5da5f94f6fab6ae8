import type { CallOutcome } from '../bridge.ts';
import { MISSING_CAPABILITY } from '../call/server-input.ts';
import { ProtocolFault } from './protocol.ts';

/** Throws what the MCP server behind a tool says it would have to ask of this client: that is no result (MCP 2026-07-28). */
export function refuseMissingCapability({ result }: CallOutcome): void {
  if (result.kind !== 'failed' || result.error.rpcCode !== MISSING_CAPABILITY) return;
  throw new ProtocolFault(MISSING_CAPABILITY, result.error.message, result.error.rpcData);
}
