// What both generations of fixture servers offer.
import { appendFileSync } from 'node:fs';

/** Every call is noted down, so that a test can count what really happened: REMOTE_JOURNAL. */
export function note(line) {
  if (process.env.REMOTE_JOURNAL) appendFileSync(process.env.REMOTE_JOURNAL, `${line}\n`);
}

const READ_ONLY = { readOnlyHint: true, openWorldHint: false };
const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
const none = { type: 'object', properties: {}, additionalProperties: false };

export const TOOLS = [
  { name: 'echo', title: 'Echo', description: 'Says it again.', inputSchema: text, annotations: READ_ONLY },
  { name: 'pid', description: 'The number of the process.', inputSchema: none, annotations: READ_ONLY },
  {
    name: 'slow',
    description: 'Answers after so many milliseconds.',
    inputSchema: { type: 'object', properties: { ms: { type: 'integer' } }, required: ['ms'] },
    annotations: READ_ONLY,
  },
  {
    name: 'write',
    description: 'Writes, and answers after so many milliseconds.',
    inputSchema: { type: 'object', properties: { ms: { type: 'integer' }, id: { type: 'string' } }, required: ['ms'] },
  },
  {
    name: 'put',
    description: 'Writes the same each time.',
    inputSchema: { type: 'object', properties: { ms: { type: 'integer' }, id: { type: 'string' } }, required: ['ms'] },
    annotations: { idempotentHint: true, destructiveHint: false },
  },
  { name: 'fail', description: 'Says that it failed.', inputSchema: none, annotations: READ_ONLY },
  { name: 'reject', description: 'Refuses the request.', inputSchema: none, annotations: READ_ONLY },
  { name: 'media', description: 'Every kind of content.', inputSchema: none, annotations: READ_ONLY },
  {
    name: 'typed',
    description: 'Structured content.',
    inputSchema: none,
    outputSchema: { type: 'object', properties: { sum: { type: 'integer' } }, required: ['sum'] },
    annotations: READ_ONLY,
  },
  { name: 'grow', description: 'From now on there is another tool.', inputSchema: none },
  {
    name: 'odd-names',
    description: 'Arguments that models cannot say.',
    inputSchema: {
      type: 'object',
      properties: { 'filter[name]': { type: 'string' }, $top: { type: 'integer' } },
      required: ['filter[name]'],
    },
    annotations: READ_ONLY,
  },
  { name: 'environment', description: 'A variable.', inputSchema: text, annotations: READ_ONLY },
];

export const GROWN = { name: 'grown', description: 'It has come later.', inputSchema: none, annotations: READ_ONLY };

export const RESOURCES = [{ uri: 'note://one', name: 'one', mimeType: 'text/plain' }];
export const TEMPLATES = [{ uriTemplate: 'note://{id}', name: 'note' }];
export const PROMPTS = [{ name: 'greet', description: 'A greeting.', arguments: [{ name: 'who', required: true }] }];

export function readResource(uri) {
  return { contents: [{ uri, mimeType: 'text/plain', text: `the text of ${uri}` }] };
}

export function getPrompt({ arguments: args }) {
  return { messages: [{ role: 'user', content: { type: 'text', text: `Hello ${args?.who ?? 'you'}` } }] };
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const say = (words) => ({ content: [{ type: 'text', text: words }] });
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `refuse` makes the JSON-RPC error of the SDK in use, `grow` tells the client of another list, `touch` of a changed resource. */
export async function call({ name, arguments: args = {} }, { refuse, grow, touch }) {
  note(`${name} ${JSON.stringify(args)}`);
  switch (name) {
    case 'echo':
      return say(args.text);
    case 'pid':
      return say(String(process.pid));
    case 'slow':
    case 'write':
    case 'put':
      await later(args.ms);
      if (name === 'write') touch?.(RESOURCES[0].uri);
      return say(`${name} done ${args.id ?? ''}`.trim());
    case 'fail':
      return { ...say('the disk is full'), isError: true };
    case 'reject':
      throw refuse(-32602, 'not like this');
    case 'media':
      return {
        content: [
          { type: 'text', text: 'here it is' },
          { type: 'image', data: PIXEL, mimeType: 'image/png' },
          { type: 'audio', data: 'UklGRg==', mimeType: 'audio/wav' },
          { type: 'resource', resource: { uri: 'note://one', mimeType: 'text/plain', text: 'embedded' } },
          { type: 'resource_link', uri: 'note://two', name: 'two' },
        ],
      };
    case 'typed':
      return { ...say('{"sum":3}'), structuredContent: { sum: 3 } };
    case 'grow':
      grow();
      return say('grown');
    case 'grown':
      return say('I am new');
    case 'odd-names':
      return say(JSON.stringify(args));
    case 'environment':
      return say(process.env[args.text] ?? '(not set)');
    default:
      throw refuse(-32602, `Unknown tool ${name}`);
  }
}
