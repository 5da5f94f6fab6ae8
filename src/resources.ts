import type { Resource, ResourceContents } from './bridge.ts';
import type { SharedResponses } from './store/shared-responses.ts';

/** Answers that were too large to be shown, as resources; newest first. */
export function listSaved(responses: SharedResponses, principal: string | undefined): readonly Resource[] {
  return responses.list(principal).map(({ uri, mediaType, length, pages, expiresAt }) => ({
    uri,
    name: `answer of ${length} characters`,
    mimeType: mediaType,
    description: `${pages} ${pages === 1 ? 'page' : 'pages'}, kept until ${new Date(expiresAt).toISOString()}; ?page=N reads one`,
  }));
}

/** One page of such an answer; the URI of the next one is said in a line of its own. */
export async function readSaved(
  responses: SharedResponses,
  uri: string,
  principal: string | undefined,
): Promise<readonly ResourceContents[] | undefined> {
  const page = await responses.read(uri, principal);
  if (!page) return undefined;
  const text = { uri, mimeType: page.mediaType, text: page.text };
  if (page.next === undefined) return [text];
  return [
    text,
    {
      uri: page.next,
      mimeType: 'text/plain',
      text: `Page ${page.page} of ${page.pages}; the next one is ${page.next}`,
    },
  ];
}
