// A server of the second generation (SDK 2.x), over stdio, or over HTTP when PORT is set.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, ProtocolError, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { call, GROWN, getPrompt, note, PROMPTS, RESOURCES, readResource, TEMPLATES, TOOLS } from './kit.mjs';

let grown = false;
let tellAll = () => undefined;
let tellUpdated = () => undefined;

function makeServer() {
  const server = new Server(
    { name: 'second', version: '2.0.0' },
    {
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {} },
      instructions: 'The second one.',
    },
  );
  server.setRequestHandler('tools/list', () => ({ tools: grown ? [...TOOLS, GROWN] : TOOLS }));
  server.setRequestHandler('resources/list', () => ({ resources: RESOURCES }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler('prompts/list', () => ({ prompts: PROMPTS }));
  server.setRequestHandler('resources/read', ({ params }) => readResource(params.uri));
  server.setRequestHandler('prompts/get', ({ params }) => getPrompt(params));
  server.setRequestHandler('tools/call', ({ params }) =>
    call(params, {
      refuse: (code, message) => new ProtocolError(code, message),
      grow: () => {
        grown = true;
        void server.sendToolListChanged().catch(() => undefined);
        tellAll();
      },
      touch: (uri) => {
        void server.sendResourceUpdated({ uri }).catch(() => undefined);
        tellUpdated(uri);
      },
    }),
  );
  return server;
}

note(`start ${process.pid}`);
if (process.env.PORT === undefined) serveStdio(makeServer);
else {
  const handler = createMcpHandler(makeServer);
  tellUpdated = (uri) => handler.notify.resourceUpdated(uri);
  tellAll = () => handler.notify.toolsChanged();
  const serve = toNodeHandler(handler);
  const http = createServer((request, response) => void serve(request, response));
  http.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
}
