import type { JsonObject } from '../spec/types.ts';
import { asObject, asString, at, type OperationPlace, type Reading } from './reading.ts';
import { resolveObject } from './resolve.ts';
import type { ResponseDescription } from './types.ts';

/** Declared answers of success (2xx, default). They never keep an operation from being served: what is wrong here is a warning. */
export function readResponses(reading: Reading, place: OperationPlace): readonly ResponseDescription[] {
  const responses: ResponseDescription[] = [];
  const declared = asObject(place.node['responses']) ?? {};
  for (const status of Object.keys(declared)) {
    if (!isSuccess(status)) continue;
    const response = resolveObject(reading, declared[status]);
    if (!response) {
      const pointer = at(at(place.pointer, 'responses'), status);
      reading.report(
        'warning',
        'response-invalid',
        pointer,
        `The answer ${status} is not described: it is no object, or its reference leads nowhere`,
      );
      continue;
    }
    const description = asString(response['description']);
    responses.push({ status, ...(description ? { description } : {}), content: readContent(reading, response) });
  }
  return responses;
}

function isSuccess(status: string): boolean {
  return status.startsWith('2') || /^default$/i.test(status);
}

function readContent(reading: Reading, response: JsonObject): ResponseDescription['content'] {
  return Object.entries(asObject(response['content']) ?? {}).map(([mediaType, written]) => {
    const media = resolveObject(reading, written) ?? {};
    const items = media['itemSchema'];
    return { mediaType, schema: items === undefined ? media['schema'] : { type: 'array', items } };
  });
}
