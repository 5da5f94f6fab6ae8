import type {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  INTERNAL_ERROR as INTERNAL,
  INVALID_PARAMS as INVALID,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  RELATED_TASK_META_KEY,
  SERVER_INFO_META_KEY,
} from '@modelcontextprotocol/server';

/** The revision whose requests say all about the client themselves. */
export const STATELESS_REVISION = '2026-07-28';

/** The revisions before it, which begin with `initialize`; the SDK's list. */
export const INITIALIZED_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

/** Members of `_meta`. Written out, since the SDK is loaded by what needs it; their types hold them to the SDK's. */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion' satisfies typeof PROTOCOL_VERSION_META_KEY,
  clientInfo: 'io.modelcontextprotocol/clientInfo' satisfies typeof CLIENT_INFO_META_KEY,
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities' satisfies typeof CLIENT_CAPABILITIES_META_KEY,
  serverInfo: 'io.modelcontextprotocol/serverInfo' satisfies typeof SERVER_INFO_META_KEY,
  logLevel: 'io.modelcontextprotocol/logLevel' satisfies typeof LOG_LEVEL_META_KEY,
  relatedTask: 'io.modelcontextprotocol/related-task' satisfies typeof RELATED_TASK_META_KEY,
} as const;

export const INVALID_PARAMS = -32602 satisfies typeof INVALID;
export const INTERNAL_ERROR = -32603 satisfies typeof INTERNAL;

/** An error of the protocol, told to the client as it is. The SDK answers so with whatever is thrown that has a code. */
export class ProtocolFault extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
