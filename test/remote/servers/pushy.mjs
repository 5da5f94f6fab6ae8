// Speaks 2026-07-28 over stdio, and asks its client whatever that client can answer.
import { createInterface } from 'node:readline';

const RESULTS = {
  'server/discover': {
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: 'private',
  },
  'tools/list': {
    tools: [
      { name: 'greet', description: 'Greets', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
    ],
    ttlMs: 0,
    cacheScope: 'private',
  },
  'tools/call': {
    resultType: 'input_required',
    inputRequests: { roots: { method: 'roots/list', params: {} } },
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line);
  if (id === undefined) continue;
  const result = { resultType: 'complete', ...RESULTS[method] };
  const answer = RESULTS[method] ? { result } : { error: { code: -32601, message: 'Method not found' } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
}
