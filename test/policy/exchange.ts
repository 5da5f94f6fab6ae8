import type { Exchange } from '../../src/call/execute.ts';
import { type CallPolicy, DEFAULT_POLICY, type PolicyOf } from '../../src/call/policy.ts';
import type { RawResponse } from '../../src/call/types.ts';
import { hintsOf } from '../../src/tool/hints.ts';
import type { Tool } from '../../src/tool/types.ts';

export interface ExchangeParts {
  readonly method?: string;
  readonly url?: string;
  readonly path?: string;
  readonly tool?: string;
  readonly api?: string;
  readonly consequential?: boolean;
  readonly principal?: string;
  readonly credentialKey?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export function makeTool(parts: ExchangeParts = {}): Tool {
  const method = parts.method ?? 'GET';
  return {
    name: parts.tool ?? 'getThing',
    title: 'A thing',
    description: '',
    input: { type: 'object', properties: {}, additionalProperties: false },
    hints: hintsOf(method, parts.consequential),
    api: parts.api ?? 'shop',
    request: {
      operation: parts.tool ?? 'getThing',
      method,
      path: parts.path ?? '/things/{id}',
      servers: [],
      parameters: [],
      accept: [],
      security: [],
      ...(parts.consequential === undefined ? {} : { consequential: parts.consequential }),
      deprecated: false,
      tags: [],
    },
    bindings: [],
  };
}

export function makeExchange(parts: ExchangeParts = {}, tool = makeTool(parts)): Exchange {
  const signal = parts.signal ?? new AbortController().signal;
  return {
    call: {
      tool,
      args: { id: 1 },
      context: {
        surface: 'mcp',
        requestId: 'r-1',
        signal,
        ...(parts.principal === undefined ? {} : { principal: parts.principal }),
      },
      trace: { attempts: 0, cached: false, timings: {} },
    },
    plan: {
      method: parts.method ?? 'GET',
      url: parts.url ?? 'http://shop.test/things/1',
      headers: parts.headers ?? [['accept', 'application/json']],
      ...(parts.body === undefined ? {} : { body: parts.body }),
    },
    signal,
    ...(parts.credentialKey === undefined ? {} : { credentialKey: parts.credentialKey }),
  };
}

export function makeResponse(
  status = 200,
  headers: { readonly [name: string]: string } = {},
  body = '{"ok":true}',
): RawResponse {
  return { status, statusText: '', headers, body: new TextEncoder().encode(body) };
}

export function policyWith(over: Partial<CallPolicy>): PolicyOf {
  const policy = { ...DEFAULT_POLICY, ...over };
  return () => policy;
}
