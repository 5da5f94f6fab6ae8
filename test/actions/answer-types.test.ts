import { expect, it } from 'vitest';
import { buildToolDocument } from '../../src/actions/write/tool-document.ts';
import type { Tool } from '../../src/tool/types.ts';
import { compileDocument } from '../support/documents.ts';

const TEXT = { schema: { type: 'string' } };
const JSON_ANSWER = { schema: { type: 'object', properties: {}, additionalProperties: true } };

const LIST = { schema: { type: 'array', items: {} } };
const EVENT = { type: 'object', properties: { event: { type: 'string' }, id: { type: 'string' }, data: {} } };
const EVENTS = { schema: { type: 'array', items: EVENT } };

/** A document with one answer. */
function documentOf(content: object): object {
  return {
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    servers: [{ url: 'https://api.example.com' }],
    paths: { '/x': { get: { operationId: 'x', responses: { 200: { description: 'd', content } } } } },
  };
}

/** What is published of a tool's answer. */
function answerIn(tools: readonly Tool[]): object {
  const document = buildToolDocument(tools, { publicUrl: 'https://b.example', secured: false, title: 't' });
  const { paths } = document as { paths: { '/api/x': { post: { responses: { 200: { content: object } } } } } };
  return paths['/api/x'].post.responses[200].content;
}

/** The same, by what its API declares. */
async function published(types: readonly string[]): Promise<object> {
  const { tools } = await compileDocument(documentOf(Object.fromEntries(types.map((type) => [type, {}]))));
  return answerIn(tools);
}

it.each([
  [[], { 'application/json': JSON_ANSWER }],
  [['application/json'], { 'application/json': JSON_ANSWER }],
  [['application/vnd.api+json; charset=utf-8', 'application/problem+json'], { 'application/json': JSON_ANSWER }],
  [['application/x-ndjson'], { 'application/json': LIST }],
  [['application/jsonl', 'application/json-seq', 'text/csv'], { 'application/json': LIST, 'text/csv': TEXT }],
  [['text/event-stream'], { 'application/json': EVENTS }],
  [['text/event-stream', 'application/jsonl'], { 'application/json': LIST }],
  [['application/json', 'application/jsonl'], { 'application/json': JSON_ANSWER }],
  [['*/*'], { 'application/json': JSON_ANSWER }],
  [['text/csv; header=present'], { 'text/csv': TEXT }],
  [['application/xml', 'application/json'], { 'application/json': JSON_ANSWER, 'application/xml': TEXT }],
  [['image/png', 'application/pdf'], { 'image/png': {}, 'application/pdf': {} }],
  [['json', ''], { 'application/json': JSON_ANSWER }],
])('publishes an answer of %j as it comes', async (types, expected) =>
  expect(await published(types)).toEqual(expected),
);

it('publishes lines by the schema of one, where tools declare what they answer', async () => {
  const { tools } = await compileDocument(documentOf({ 'application/jsonl': {} }));
  const line = { type: ['object', 'null'], properties: { id: { type: ['string', 'null'] } } };
  const output = { type: 'object' as const, properties: { result: { type: ['array', 'null'], items: line } } };
  expect(answerIn([{ ...tools[0]!, output }])).toEqual({
    'application/json': { schema: { type: 'array', items: line } },
  });
});
