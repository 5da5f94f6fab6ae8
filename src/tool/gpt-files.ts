import type { JsonSchema, Tool } from './types.ts';

/** The body property that a GPT's files come in, under exactly this name (OpenAI, "Sending files"). */
export const GPT_FILES = 'openaiFileIdRefs';

/** More are not taken. */
export const MAX_GPT_FILES = 10;

/**
 * A body's schema with its GPT files offered as any client can give them. Documents declare an array of texts; what a backend is
 * sent is `{ name, id, mime_type, download_link }`.
 */
export function withGptFiles(schema: JsonSchema): JsonSchema {
  const properties = schema['properties'] as { readonly [name: string]: JsonSchema } | undefined;
  const declared = properties && Object.hasOwn(properties, GPT_FILES) ? properties[GPT_FILES] : undefined;
  if (!declared || ![declared['type']].flat().includes('array')) return schema;
  const changed: { [name: string]: JsonSchema } = Object.assign(Object.create(null), properties);
  changed[GPT_FILES] = filesSchema(declared['description']);
  return { ...schema, properties: changed };
}

function filesSchema(description: unknown): JsonSchema {
  return {
    type: 'array',
    maxItems: MAX_GPT_FILES,
    items: {
      anyOf: [
        { type: 'string', description: 'An https or data: URI.' },
        {
          type: 'object',
          properties: {
            name: { type: 'string' },
            mime_type: { type: 'string' },
            data: { type: 'string', description: 'Base64.' },
            text: { type: 'string' },
            url: { type: 'string', description: 'In place of data: where the file is.' },
            path: { type: 'string' },
          },
        },
      ],
    },
    ...(typeof description === 'string' ? { description } : {}),
  };
}

/** The argument of a tool that takes GPT files; undefined for other tools. `body`: they stand in the argument `body`. */
export function gptFilesArgument(tool: Pick<Tool, 'bindings'>): string | undefined {
  return tool.bindings.find(({ target }) => target.kind === 'property' && target.name === GPT_FILES)?.argument;
}
