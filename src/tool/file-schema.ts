import type { JsonSchema } from './types.ts';

/** What a model gives where an API takes bytes. `path` is only honoured on local surfaces. */
export function fileSchema(): JsonSchema {
  return {
    anyOf: [
      { type: 'string', description: 'Base64, or a data: URI.' },
      {
        type: 'object',
        properties: {
          filename: { type: 'string' },
          mimeType: { type: 'string' },
          data: { type: 'string', description: 'Base64.' },
          text: { type: 'string' },
          path: { type: 'string' },
        },
        additionalProperties: false,
      },
    ],
  };
}
