import { describe, expect, it } from 'vitest';
import { resolveServer } from '../../src/call/server.ts';
import { BridgeError } from '../../src/errors.ts';
import { compileDocument } from '../support/documents.ts';

const DOCUMENT = {
  openapi: '3.1.2',
  info: { title: 't', version: '1' },
  servers: [],
  paths: {
    '/a': { get: { responses: {} } },
    '/b': {
      get: {
        servers: [
          {
            url: 'https://{host}.example.com:{port}',
            variables: { host: { default: 'h1', enum: ['h1', 'h2'] }, port: { default: '9000' } },
          },
        ],
        responses: {},
      },
    },
  },
};

async function serverOf(path: string, variables: { [name: string]: string }, url?: string, baseUrl?: string) {
  const { tools } = await compileDocument(DOCUMENT, url === undefined ? {} : { url });
  const tool = tools.find(({ request }) => request.path === path)!;
  return resolveServer(tool.request.servers, { variables, ...(baseUrl === undefined ? {} : { baseUrl }) });
}

describe('the server of a call', () => {
  const FROM = 'https://host.example.com/x/openapi.yaml';
  it.each([
    {
      why: 'an empty list is the root of where the document came from',
      path: '/a',
      variables: {},
      server: 'https://host.example.com/',
    },
    {
      why: 'the operation has its own, with defaults',
      path: '/b',
      variables: {},
      server: 'https://h1.example.com:9000',
    },
    {
      why: 'a variable that is given counts',
      path: '/b',
      variables: { host: 'h2' },
      server: 'https://h2.example.com:9000',
    },
  ])('is right: $why', async ({ path, variables, server }) => {
    expect(await serverOf(path, variables, FROM)).toBe(server);
  });

  it('is the one that is given instead of any', async () => {
    expect(await serverOf('/b', {}, FROM, 'http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
  });

  it.each([
    { why: 'a file has no root to be relative to', path: '/a', variables: {}, code: 'SERVER_MISSING' },
    { why: 'a value is not one of the list', path: '/b', variables: { host: 'evil.example/' }, code: 'SERVER_INVALID' },
  ])('is refused: $why', async ({ path, variables, code }) => {
    const failed = await serverOf(path, variables).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(BridgeError);
    expect(failed).toMatchObject({ code });
  });
});
