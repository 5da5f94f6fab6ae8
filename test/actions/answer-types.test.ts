import { expect, it } from 'vitest';
import { buildToolDocument } from '../../src/actions/write/tool-document.ts';
import { compileDocument } from '../support/documents.ts';

const TEXT = { schema: { type: 'string' } };
const JSON_ANSWER = { schema: { type: 'object', properties: {}, additionalProperties: true } };

/** What is published of a tool's answer, by what its API declares. */
async function published(types: readonly string[]): Promise<object> {
  const content = Object.fromEntries(types.map((type) => [type, {}]));
  const { tools } = await compileDocument({
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    servers: [{ url: 'https://api.example.com' }],
    paths: { '/x': { get: { operationId: 'x', responses: { 200: { description: 'd', content } } } } },
  });
  const document = buildToolDocument(tools, { publicUrl: 'https://b.example', secured: false, title: 't' });
  const { paths } = document as { paths: { '/api/x': { post: { responses: { 200: { content: object } } } } } };
  return paths['/api/x'].post.responses[200].content;
}

it.each([
  [[], { 'application/json': JSON_ANSWER }],
  [['application/json'], { 'application/json': JSON_ANSWER }],
  [['application/vnd.api+json; charset=utf-8', 'application/problem+json'], { 'application/json': JSON_ANSWER }],
  [['application/x-ndjson'], { 'application/json': JSON_ANSWER }],
  [['text/event-stream'], { 'application/json': JSON_ANSWER }],
  [['*/*'], { 'application/json': JSON_ANSWER }],
  [['text/csv; header=present'], { 'text/csv': TEXT }],
  [['application/xml', 'application/json'], { 'application/json': JSON_ANSWER, 'application/xml': TEXT }],
  [['image/png', 'application/pdf'], { 'image/png': {}, 'application/pdf': {} }],
  [['json', ''], { 'application/json': JSON_ANSWER }],
])('publishes an answer of %j as it comes', async (types, expected) =>
  expect(await published(types)).toEqual(expected),
);
