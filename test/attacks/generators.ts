/** The generators of `attacks.json`, by the first word after `generate:`. */
const GENERATORS: { readonly [name: string]: (given: Given) => unknown } = {
  'yaml-alias-bomb': ({ number }) => aliasBomb(number('levels'), number('width')),
  'yaml-flat-aliases': ({ number }) => flatAliases(number('count')),
  'yaml-nest': ({ number }) => `${ROOT}x-a: ${'['.repeat(number('depth'))}${']'.repeat(number('depth'))}\n`,
  'json-nest': ({ number, word }) => jsonNest(number('depth'), word('key')),
  'yaml-flat-keys': ({ number }) => flatKeys(number('count')),
  'allof-doubling': ({ number }) => allOfDoubling(number('levels')),
  repeat: ({ text }) => repeated(text),
  line: ({ number }) => 'x'.repeat(number('bytes')),
};

interface Given {
  /** Everything after the name. */
  readonly text: string;
  word(name: string): string;
  number(name: string): number;
}

/** What a text stands for: itself, unless it begins with `generate:`. Throws for a generator that is not known. */
export function expand(text: string): unknown {
  const [, name, rest = ''] = /^generate:([a-z-]+)\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined || text === 'generate:key') return text;
  const generate = Object.hasOwn(GENERATORS, name) ? GENERATORS[name] : undefined;
  if (!generate) throw new Error(`attacks.json has a generator this test does not know: ${name}`);
  const word = (key: string) => new RegExp(`\\b${key}=(\\S+)`).exec(rest)![1]!;
  return generate({ text: rest, word, number: (key) => Number(word(key)) });
}

const ROOT =
  "openapi: 3.1.0\ninfo: { title: t, version: '1' }\nservers: [{ url: 'https://api.example.com' }]\npaths: { /a: { get: { operationId: a, responses: { '200': { description: ok } } } } }\n";

/** `X*N + Y`, X perhaps in quotes. */
function repeated(text: string): string {
  const [, quoted, plain, times, more = ''] = /^(?:"([^"]*)"|(\S+?))\s*\*\s*(\d+)(?:\s*\+\s*(.*))?$/s.exec(text)!;
  return (quoted ?? plain!).repeat(Number(times)) + more;
}

function aliasBomb(levels: number, width: number): string {
  const lines = [`  a0: &a0 [${Array(width).fill('lol').join(', ')}]`];
  for (let level = 1; level < levels; level++)
    lines.push(
      `  a${level}: &a${level} [${Array(width)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return `${ROOT}x-bomb:\n${lines.join('\n')}\n`;
}

function flatAliases(count: number): string {
  const paths = Array.from({ length: count }, (_, i) => `  /p${i}: { get: { operationId: op${i}, responses: *r } }`);
  return `openapi: 3.1.0\ninfo: { title: t, version: '1' }\nservers: [{ url: 'https://api.example.com' }]\nx-r: &r { '200': { description: ok } }\npaths:\n${paths.join('\n')}\n`;
}

function jsonNest(depth: number, key: string): string {
  return `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{},"${key}":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}

function flatKeys(count: number): string {
  const schemas = Array.from({ length: count }, (_, i) => `    k${i}: { type: string, maxLength: 10 }`);
  return `${ROOT}components:\n  schemas:\n${schemas.join('\n')}\n`;
}

function allOfDoubling(levels: number): object {
  const schemas: { [name: string]: object } = { [`d${levels}`]: { type: 'string', minLength: 1 } };
  for (let level = 0; level < levels; level++) {
    const next = { $ref: `#/components/schemas/d${level + 1}` };
    schemas[`d${level}`] = { allOf: [next, { ...next }] };
  }
  return {
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    servers: [{ url: 'https://api.example.com' }],
    paths: {
      '/t': {
        post: {
          operationId: 't',
          responses: { 200: { description: 'ok' } },
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/d0' } } },
          },
        },
      },
    },
    components: { schemas },
  };
}
