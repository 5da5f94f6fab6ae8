import type { Context } from 'hono';
import type { ChatProxy, ProxyRequest } from '../chat/proxy.ts';
import type { HttpApp, RouteBindings } from './app.ts';

/** Adds the OpenAI-compatible routes. `unsecured`: the listener asks for no token, so `Authorization` may be the provider's key. */
export function addChatRoutes(app: HttpApp, proxy: ChatProxy, { unsecured }: { readonly unsecured: boolean }): void {
  const requestOf = (context: Context<{ Bindings: RouteBindings }>): ProxyRequest => {
    const { admitted, tools } = context.env;
    const { principal } = admitted.caller;
    const { headers, signal } = context.req.raw;
    return {
      body: admitted.body?.value,
      headers,
      signal,
      source: tools,
      unsecured,
      ...(principal === undefined ? {} : { principal }),
    };
  };
  app.post('/v1/chat/completions', (context) => proxy.complete('chat', requestOf(context)));
  app.post('/v1/responses', (context) => proxy.complete('responses', requestOf(context)));
  app.get('/v1/models', (context) => proxy.models('/models', requestOf(context)));
  app.get('/v1/models/*', (context) => proxy.models(context.req.path.slice('/v1'.length), requestOf(context)));
}
