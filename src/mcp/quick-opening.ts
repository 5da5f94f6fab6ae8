import type { ClientCapabilities, JSONRPCMessage, JSONRPCRequest, Result } from '@modelcontextprotocol/server';
import type { Introduction } from './introduction.ts';
import { INITIALIZED_REVISIONS, META, STATELESS_REVISION } from './protocol.ts';
import { type ConnectedClient, capabilitiesIn, isRecord } from './quick-call.ts';

/** How a message is answered. */
export interface QuickAnswer {
  /** Absent for a notification. */
  readonly result?: Result;
  /** Of an `initialize`: who is connected from now on. */
  readonly client?: ConnectedClient;
}

/**
 * Answers what every connection begins with, as the SDK's server would (`test/mcp/quick-opening.test.ts` compares them):
 * `initialize`, `server/discover`, `tools/list`, `ping`. Undefined for any other message, and for what is not exactly as it
 * must be. Loading the SDK and its schemas is a third of a start; a client that lists and calls tools needs neither.
 * A list is answered with `tools: []`, for the writer to fill in. `client`: who has sent `initialize`.
 */
export function createQuickOpening(
  introduction: Introduction,
): (message: Partial<JSONRPCRequest>, client: ConnectedClient | undefined) => QuickAnswer | undefined {
  const { info, instructions, listHint } = introduction;

  return ({ method, params }, client) => {
    if (client) return inSession(method, params);
    return method === 'initialize' ? initialize(params) : stateless(method, params);
  };

  function initialize(params: JSONRPCRequest['params']): QuickAnswer | undefined {
    if (!isPlainInitialize(params)) return undefined;
    const { protocolVersion, capabilities } = params;
    return {
      result: { protocolVersion, capabilities: introduction.capabilities, serverInfo: info, instructions },
      client: { capabilities, listens: false },
    };
  }

  function inSession(method: string | undefined, params: JSONRPCRequest['params']): QuickAnswer | undefined {
    if (params !== undefined && Object.keys(params).length > 0) return undefined;
    if (method === 'tools/list') return { result: { tools: [] } };
    if (method === 'ping') return { result: {} };
    return method === 'notifications/initialized' ? {} : undefined;
  }

  function stateless(method: string | undefined, params: JSONRPCRequest['params']): QuickAnswer | undefined {
    if (!isOnlyEnvelope(params)) return undefined;
    const stamp = { resultType: 'complete', ...listHint, _meta: { [META.serverInfo]: info } };
    if (method === 'tools/list') return { result: { tools: [], ...stamp } };
    if (method !== 'server/discover') return undefined;
    const capabilities = introduction.capabilities;
    return { result: { supportedVersions: [STATELESS_REVISION], capabilities, instructions, ...stamp } };
  }
}

/** A notification has no answer, a request one. */
export function isAnswerable({ method, id }: Partial<JSONRPCRequest>): boolean {
  if (method?.startsWith('notifications/')) return id === undefined;
  return typeof id === 'string' || Number.isInteger(id);
}

export function toResponse({ id }: Partial<JSONRPCRequest>, result: Result): JSONRPCMessage {
  return { result, jsonrpc: '2.0', id: id! };
}

interface PlainInitialize {
  readonly protocolVersion: (typeof INITIALIZED_REVISIONS)[number];
  readonly capabilities: ClientCapabilities;
}

function isPlainInitialize(params: unknown): params is PlainInitialize {
  if (!isRecord(params) || Object.keys(params).length !== 3) return false;
  const { protocolVersion, capabilities, clientInfo } = params;
  const isKnown = INITIALIZED_REVISIONS.includes(protocolVersion as PlainInitialize['protocolVersion']);
  return isKnown && isRecord(capabilities) && hasPlainCapabilities(capabilities) && isPlainInfo(clientInfo);
}

/** Those of which a capability is made of objects, but for `listChanged`; of what is more, the SDK has to judge. */
const PLAIN_CAPABILITIES = new Set(['experimental', 'sampling', 'elicitation', 'roots', 'extensions']);

function hasPlainCapabilities(capabilities: { readonly [name: string]: unknown }): boolean {
  return Object.entries(capabilities).every(
    ([name, capability]) =>
      PLAIN_CAPABILITIES.has(name) &&
      isRecord(capability) &&
      Object.entries(capability).every(([member, value]) =>
        name === 'roots' && member === 'listChanged' ? typeof value === 'boolean' : isRecord(value),
      ),
  );
}

const TEXTS_OF_INFO = new Set(['name', 'title', 'version', 'websiteUrl', 'description']);

function isPlainInfo(info: unknown): boolean {
  if (!isRecord(info) || info['name'] === undefined || info['version'] === undefined) return false;
  return Object.entries(info).every(([member, value]) => TEXTS_OF_INFO.has(member) && typeof value === 'string');
}

function isOnlyEnvelope(params: unknown): boolean {
  if (!isRecord(params) || Object.keys(params).length !== 1) return false;
  const { _meta: meta } = params;
  return isRecord(meta) && Object.keys(meta).every((key) => ENVELOPE.has(key)) && capabilitiesIn(meta) !== undefined;
}

const ENVELOPE: ReadonlySet<string> = new Set([META.protocolVersion, META.clientInfo, META.clientCapabilities]);
