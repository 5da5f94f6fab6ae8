import { ProtocolError } from '@modelcontextprotocol/server';
import { MISSING_CAPABILITY } from '../call/server-input.ts';
import { BridgeError } from '../errors.ts';

const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

/** What an MCP server behind the bridge answers to a request that is no call; its failures as errors of the protocol. */
export async function answerOf<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const { cause } = error;
    if (cause instanceof Error && (cause as { code?: unknown }).code === MISSING_CAPABILITY)
      throw new ProtocolError(MISSING_CAPABILITY, error.message, (cause as { data?: unknown }).data);
    const code = error.code === 'MCP_REFUSED' ? INVALID_PARAMS : INTERNAL_ERROR;
    throw new ProtocolError(code, `${error.message} (${error.code})`);
  }
}
