import { describe, expect, it } from 'vitest';
import { openBridge } from '../../src/bridge.ts';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';

const integer = { type: 'integer', format: 'int64' };
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 't', version: '1' },
  servers: [{ url: 'https://api.example.com' }],
  paths: {
    '/n/{id}': {
      post: {
        operationId: 'n',
        parameters: [
          { name: 'id', in: 'path', required: true, schema: integer },
          { name: 'price', in: 'query', schema: { type: 'number' } },
        ],
        requestBody: { content: { 'application/json': { schema: { type: 'object', properties: { n: integer } } } } },
        responses: {},
      },
    },
  },
};

async function plan(args: object) {
  const bridge = await openBridge(
    { ...EMPTY_CONFIG, apis: [parseSpecArgument('-')], cacheTools: false },
    { stdin: async () => JSON.stringify(DOCUMENT) },
  );
  const planned = await bridge.plan('n', args, { surface: 'cli' });
  await bridge.close();
  if (planned.ok) return planned.plan.url;
  return planned.result.kind === 'invalid' ? planned.result.issues : planned.result;
}

describe('integers beyond 2^53', () => {
  it.each([
    [{ id: '9007199254740993' }, 'https://api.example.com/n/9007199254740993'],
    [{ id: '-9223372036854775808' }, 'https://api.example.com/n/-9223372036854775808'],
    [{ id: 9007199254740991 }, 'https://api.example.com/n/9007199254740991'],
    [{ id: 1, price: 1e20 }, 'https://api.example.com/n/1?price=100000000000000000000'],
  ])('go out as they stand: %j', async (args, url) => expect(await plan(args)).toBe(url));

  it.each([
    [{ id: 9007199254740992 }, 'id', /give its digits as a string/],
    [{ id: 1, n: -9007199254740994 }, 'n', /lose digits$/],
    [{ id: '90071992547409x3' }, 'id', /integer/],
    [{ id: '12' }, 'id', /integer/],
  ])('are refused where digits would be lost: %j', async (args, argument, message) =>
    expect(await plan(args)).toEqual([{ argument, message: expect.stringMatching(message) }]),
  );
});
