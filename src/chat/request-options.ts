import { randomUUID } from 'node:crypto';
import type { ProxyConfig } from '../config/proxy-types.ts';
import { registerSecret } from '../secrets.ts';
import { glob } from '../tool/filter.ts';
import type { Asked } from './asked.ts';
import { numberOf } from './lenient.ts';
import type { OfferOptions } from './offer.ts';
import { RequestFailed } from './openai-error.ts';
import type { ProxyRequest } from './proxy.ts';

/** The client's, where it can stand in a log line. */
export function requestIdOf({ headers }: Pick<ProxyRequest, 'headers'>): string {
  const given = headers.get('x-request-id');
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** The first rule of the config whose glob matches the model. */
export function ruleFor({ perModel }: ProxyConfig, model: string) {
  return perModel.find(([pattern]) => glob(pattern, model))?.[1];
}

/** Throws RequestFailed (404, as OpenAI) for a model that may not be asked for. */
export function checkModel({ models }: ProxyConfig, model: string): void {
  if (models === undefined || models.some((pattern) => glob(pattern, model))) return;
  throw new RequestFailed(404, {
    message: `The model '${model}' does not exist or you do not have access to it.`,
    param: 'model',
    code: 'model_not_found',
  });
}

/** A client may ask for less. */
export function limitsFor({ limits }: ProxyConfig, { body }: Asked): ProxyConfig['limits'] {
  const most = numberOf(body['max_tool_calls']);
  return most === undefined || most < 1 ? limits : { ...limits, calls: Math.min(limits.calls, most) };
}

/** Every list can only take tools away. */
export function offerOptions(config: ProxyConfig, { model }: Asked, headers: Headers): Omit<OfferOptions, 'functions'> {
  const asked = headers.get('x-actionbridge-tools');
  const wanted = asked === null ? undefined : asked.split(',').map((pattern) => pattern.trim());
  const allowed = [config.tools, ruleFor(config, model)?.tools, wanted].filter((list) => list !== undefined);
  return { allowed, maxTools: config.maxTools };
}

/** The provider's key: the client's own where that is allowed, else the operator's. The bridge's token never goes out. */
export function keyFor(
  { passThroughKey, upstream }: ProxyConfig,
  { headers, unsecured }: Pick<ProxyRequest, 'headers' | 'unsecured'>,
): string | undefined {
  if (!passThroughKey) return upstream.apiKey;
  const bearer = unsecured ? /^bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1] : undefined;
  const key = headers.get('x-upstream-api-key') ?? bearer ?? upstream.apiKey;
  if (key !== undefined) {
    registerSecret(key);
    return key;
  }
  throw new RequestFailed(401, {
    message: "This proxy takes the model provider's key from the client: send it in the header x-upstream-api-key.",
    code: 'invalid_api_key',
  });
}

/** What a client may tell the provider; whose account pays, only with its own key. */
export function forwardedHeaders({ headers }: Pick<ProxyRequest, 'headers'>, ownKey: boolean): [string, string][] {
  const names = [
    'openai-beta',
    'http-referer',
    'x-title',
    ...(ownKey ? ['openai-organization', 'openai-project'] : []),
  ];
  return names.flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
}
