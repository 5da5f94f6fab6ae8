import { glob } from '../tool/filter.ts';
import { type Json, listOf, recordOf, textOf } from './lenient.ts';
import { RequestFailed } from './openai-error.ts';
import { passedHeaders } from './response-headers.ts';
import { readAll, type UpstreamAnswer } from './upstream.ts';

/** The provider's list, or one model of it (`path` begins with `/models`), as far as the operator lets them be asked for. */
export async function listModels(
  path: string,
  allowed: readonly string[] | undefined,
  get: (path: string) => Promise<UpstreamAnswer>,
): Promise<Response> {
  const isAllowed = (id: string) => allowed === undefined || allowed.some((pattern) => glob(pattern, id));
  const id = decodeURIComponent(path.slice('/models/'.length));
  if (id !== '' && !isAllowed(id))
    throw new RequestFailed(404, {
      message: `The model '${id}' does not exist`,
      param: 'model',
      code: 'model_not_found',
    });
  const { headers, body } = await get(path);
  const answer = parse(await readAll(body));
  const data = listOf(answer['data']).filter((model) => isAllowed(textOf(recordOf(model)['id'])));
  return Response.json(Array.isArray(answer['data']) ? { ...answer, data } : answer, {
    headers: passedHeaders(headers),
  });
}

function parse(bytes: Uint8Array): Json {
  try {
    return recordOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new RequestFailed(502, {
      message: "The model provider's list of models is not JSON",
      code: 'upstream_invalid',
    });
  }
}
