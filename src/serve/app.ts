import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { FileLinks } from '../call/file-links.ts';
import { isIdempotencyKey } from '../call/idempotency-key.ts';
import type { OAuthResourceOptions } from '../config/http-types.ts';
import { createConsolePage } from '../console/page.ts';
import { BridgeError } from '../errors.ts';
import type { ToolSource } from '../mcp/server.ts';
import type { Tool } from '../tool/types.ts';
import { answerFor, errorAnswer, type HttpAnswer } from './api-answer.ts';
import type { Admitted } from './guard.ts';
import { protectedResourceMetadata } from './oauth-resource.ts';
import { buildOpenApi } from './openapi-document.ts';
import { SAFE_HEADERS } from './refusal.ts';

/** What a route is given besides the request: it was admitted, and `tools` is the bridge as its caller may use it. */
export interface RouteBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly admitted: Admitted;
  readonly tools: ToolSource;
}

export type HttpApp = Hono<{ Bindings: RouteBindings }>;

/** Tools in some other format, as JSON text. */
export type ToolFormat = (tools: readonly Tool[]) => { readonly text: string };

export interface AppOptions {
  readonly formats: { readonly [name: string]: ToolFormat };
  readonly metrics?: { readonly contentType: string; text(): Promise<string> };
  /** Files of callers under signed links. */
  readonly files?: Pick<FileLinks, 'find'>;
  readonly isReady: () => boolean;
  readonly publicUrl: (request: IncomingMessage) => string;
  /** A token is asked for. */
  readonly secured: boolean;
  readonly oauth?: OAuthResourceOptions;
  /** Adds routes, such as the chat proxy's. */
  readonly extend?: (app: HttpApp) => void;
  /** Told of what a route threw. */
  readonly onError?: (error: Error) => void;
}

/** An API's answer is data here, whatever it is: no browser may run it. */
const HEADERS = { ...SAFE_HEADERS, 'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'" };

/** Every route but `/mcp`. What comes here has passed the guard. */
export function createApp(options: AppOptions): HttpApp {
  const app: HttpApp = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS))
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
  });
  const page = createConsolePage();
  app.get('/', (context) => context.body(page.html, 200, page.headers));
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => (options.isReady() ? context.text('ready\n') : context.text('stopping\n', 503)));
  app.get('/metrics', async (context) => {
    const { metrics } = options;
    if (!metrics) return context.notFound();
    return context.body(await metrics.text(), 200, { 'content-type': metrics.contentType });
  });
  app.get('/favicon.ico', (context) => context.body(null, 204));
  app.get('/v1/tools', (context) => listTools(context, options.formats));
  app.get('/openapi.json', (context) => {
    const { incoming, tools } = context.env;
    const chosen = context.req.query('tools');
    const document = buildOpenApi(tools, {
      publicUrl: options.publicUrl(incoming),
      secured: options.secured,
      ...(chosen === undefined ? {} : { tools: chosen.split(',') }),
    });
    return context.json(document);
  });
  app.get('/files/:id', (context) => sendFile(context, options.files));
  app.post('/api/:tool', callTool);
  if (options.oauth) addMetadata(app, options, options.oauth);
  options.extend?.(app);
  app.notFound(() => respond(errorAnswer(404, { code: 'NOT_FOUND', message: 'There is nothing at this path' })));
  app.onError((error) => {
    const answer = failed(error);
    if (answer.status === 500) options.onError?.(error);
    return respond(answer);
  });
  return app;
}

/** The app as a listener of node:http; the request's body has been read by the guard. */
export function createAppListener(
  app: HttpApp,
): (incoming: IncomingMessage, outgoing: ServerResponse, given: Pick<RouteBindings, 'admitted' | 'tools'>) => void {
  const given = new WeakMap<IncomingMessage, Pick<RouteBindings, 'admitted' | 'tools'>>();
  const listener = getRequestListener(
    (request, { incoming, outgoing }) =>
      app.fetch(request, { incoming, outgoing, ...given.get(incoming as IncomingMessage) }),
    { overrideGlobalObjects: false },
  );
  return (incoming, outgoing, bindings) => {
    given.set(incoming, bindings);
    if (bindings.admitted.body) Object.assign(incoming, { rawBody: bindings.admitted.body.bytes });
    void listener(incoming, outgoing);
  };
}

type RouteContext = Context<{ Bindings: RouteBindings }>;

/** Bytes that a caller gave: an attachment, whatever they are. */
async function sendFile(context: RouteContext, files: AppOptions['files']): Promise<Response> {
  const { expires, signature } = context.req.query();
  const query = { ...(expires === undefined ? {} : { expires }), ...(signature === undefined ? {} : { signature }) };
  const file = await files?.find(context.req.param('id')!, query);
  if (!file)
    return respond(
      errorAnswer(404, { code: 'NOT_FOUND', message: 'There is nothing under this link, or not any more' }),
    );
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(file.mimeType) ? file.mimeType : 'application/octet-stream';
  const name = encodeURIComponent(file.name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
  return respond({
    status: 200,
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename*=UTF-8''${name}`,
      'cache-control': 'private, no-store',
    },
    body: file.bytes,
  });
}

async function callTool(context: RouteContext): Promise<Response> {
  const { tools, admitted } = context.env;
  const args = admitted.body?.value ?? {};
  const idempotencyKey = context.req.header('idempotency-key');
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey))
    return respond(
      errorAnswer(400, {
        code: 'ARGUMENTS_INVALID',
        message: 'Idempotency-Key is no text of 1 to 255 visible characters',
      }),
    );
  const outcome = await tools.call(context.req.param('tool')!, args, {
    surface: 'api',
    signal: context.req.raw.signal,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
  return respond(answerFor(outcome));
}

function listTools(context: RouteContext, formats: AppOptions['formats']): Response {
  const { tools } = context.env;
  const format = context.req.query('format');
  const json = { 'content-type': 'application/json' };
  if (format === undefined) {
    const list = [Buffer.from('{"tools":'), tools.registry.listBytes(), Buffer.from('}')];
    return respond({ status: 200, headers: json, body: Buffer.concat(list) });
  }
  const make = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (make) return respond({ status: 200, headers: json, body: make(tools.registry.tools).text });
  const known = Object.keys(formats).join(', ');
  return respond(errorAnswer(400, { code: 'FORMAT_UNKNOWN', message: `The formats are: ${known}` }));
}

/** RFC 9728 §3.1: the well-known part goes before the resource's path; clients ask for both. */
function addMetadata(app: HttpApp, { publicUrl }: AppOptions, oauth: OAuthResourceOptions): void {
  const answer = (context: RouteContext) =>
    context.json(protectedResourceMetadata(oauth, `${publicUrl(context.env.incoming)}/mcp`));
  app.get('/.well-known/oauth-protected-resource', answer);
  app.get('/.well-known/oauth-protected-resource/mcp', answer);
}

function failed(error: Error): HttpAnswer {
  if (error instanceof BridgeError && error.code === 'TOOL_UNKNOWN')
    return errorAnswer(404, { code: error.code, message: error.message, hint: error.hint });
  return errorAnswer(500, { code: 'INTERNAL', message: 'The request could not be served' });
}

function respond({ status, headers, body }: HttpAnswer): Response {
  return new Response(body as ConstructorParameters<typeof Response>[0], { status, headers });
}
