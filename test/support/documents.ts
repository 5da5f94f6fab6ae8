import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EMPTY_CONFIG, parseSpecArgument } from '../../src/config/flags.ts';
import { type LoadedApis, loadApis } from '../../src/load-apis.ts';
import { readSource, type SourceBytes } from '../../src/spec/read.ts';

/** Where other people's documents stand when they are there at all: tests that need them say so when they are not. */
export const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
export const hasShared = existsSync(SHARED);

/** A document given as data or text, compiled. */
export async function compileDocument(
  document: object | string,
  options: { name?: string; url?: string; path?: string } = {},
): Promise<LoadedApis> {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const source: SourceBytes = {
    bytes: Buffer.from(text),
    source: { name: options.name ?? 'test', ...(options.url ? { url: options.url } : {}) },
    ...(options.path ? { path: options.path } : {}),
  };
  return loadApis({ ...EMPTY_CONFIG, apis: [parseSpecArgument('api=test')] }, [source]);
}

/** A document file, compiled. */
export async function compileFile(path: string, url?: string): Promise<LoadedApis> {
  const read = await readSource(path, {});
  return loadApis({ ...EMPTY_CONFIG, apis: [parseSpecArgument(`api=${path}`)] }, [
    url === undefined ? read : { ...read, source: { ...read.source, url } },
  ]);
}

/** A 3.1 document of one POST operation with this JSON body. */
export function withBody(schema: unknown, components: object = {}, mediaType = 'application/json'): object {
  return {
    openapi: '3.1.0',
    info: { title: 't', version: '1' },
    servers: [{ url: 'https://api.example.com' }],
    paths: {
      '/x': {
        post: {
          operationId: 'x',
          requestBody: { required: true, content: { [mediaType]: { schema } } },
          responses: {},
        },
      },
    },
    components,
  };
}
