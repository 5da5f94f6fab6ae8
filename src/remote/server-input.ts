import { CLIENT_CAPABILITIES_META_KEY } from '@modelcontextprotocol/client';
import type { ServerInput } from '../call/server-input.ts';
import { cleanText } from '../operation/text.ts';

/** Members that a request of 2026-07-28 has for what its server may ask; those before it could not carry them. */
export function inputParams(input: ServerInput | undefined): object {
  if (!input) return {};
  const { capabilities, responses, state } = input;
  return {
    _meta: { [CLIENT_CAPABILITIES_META_KEY]: capabilities },
    ...(responses ? { inputResponses: responses } : {}),
    ...(state === undefined ? {} : { requestState: state }),
  };
}

type Fields = { readonly [member: string]: unknown };

/** A result whose questions to a person say who asks them: the client only knows the bridge. */
export function withAsker<T extends object>(result: T, server: string): T {
  const { resultType, inputRequests } = result as Fields;
  if (resultType !== 'input_required' || typeof inputRequests !== 'object' || inputRequests === null) return result;
  const named = Object.entries(inputRequests).map(([key, request]) => [key, withName(request as Fields, server)]);
  return { ...result, inputRequests: Object.fromEntries(named) as object };
}

function withName(request: Fields, server: string): Fields {
  const params = request['params'] as Fields | undefined;
  if (request['method'] !== 'elicitation/create' || typeof params?.['message'] !== 'string') return request;
  const message = `The MCP server "${server}" asks: ${cleanText(params['message'])}`;
  return { ...request, params: { ...params, message } };
}
