import { readFileSync } from 'node:fs';

/** `const NAME = SCHEMA;` as the SDK's own bundler writes it: up to a line that ends in `;` and whose next does not go on with it. */
const SCHEMA = /^(\t?)const (\w+Schema(?:\$\d+)?) = ((?:z|\w+Schema(?:\$\d+)?)\.(?:[^\n]*\n(?=\1[\t}\])]))*[^\n]*);$/gm;
/** Each message is read with these: they are made at once, and not reached the longer way. */
const OF_EVERY_MESSAGE =
  /^(?:JSONRPC\w+|RequestId|ProgressToken|RequestMeta|ResultMetaObject|Result|RelatedTaskMetadata)Schema$/;

const LAZILY = `
function lazily(make) {
  let made;
  const schema = () => (made ??= make());
  return new Proxy({}, {
    get: (_, member) => schema()[member],
    has: (_, member) => member in schema(),
    set: (_, member, value) => Reflect.set(schema(), member, value),
  });
}`;

/** MCP's SDK makes hundreds of schemas when it starts, of which a server uses a dozen: a third of a start. Here each is made when it is first used. */
export const lazySchemas = {
  name: 'lazy-schemas',
  setup(bundler) {
    const filter = /@modelcontextprotocol[\\/](?:core|client|server)[\\/]dist[\\/](?:schemas|auth|src)-[\w-]+\.mjs$/;
    bundler.onLoad({ filter }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      let found = 0;
      const lazy = text.replace(SCHEMA, (statement, indent, name, expression) => {
        found++;
        return OF_EVERY_MESSAGE.test(name)
          ? statement
          : `${indent}const ${name} = /* @__PURE__ */ lazily(() => ${expression});`;
      });
      if (found === 0) throw new Error(`${path} is written in another way: lazy-schemas.mjs finds no schema in it`);
      return { contents: lazy + LAZILY };
    });
  },
};
