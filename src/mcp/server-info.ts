import type { Implementation } from '@modelcontextprotocol/server';
import type { ServedApi } from '../load-apis.ts';
import { version } from '../version.ts';

/** How the server names itself: after the plugin or GPT, when it is nothing else; else by our own name and the APIs' titles. */
export function serverInfoFor(apis: readonly ServedApi[]): Implementation {
  const title = [...new Set(apis.map((api) => api.title))].join(', ');
  const action = singleAction(apis);
  if (!action) return { name: 'actionbridge', title, version };
  const { name, description, iconUrl, websiteUrl } = action;
  return {
    name: name ?? 'actionbridge',
    title,
    version,
    ...(description === undefined ? {} : { description }),
    ...(websiteUrl === undefined ? {} : { websiteUrl }),
    ...(iconUrl === undefined ? {} : { icons: [{ src: iconUrl }] }),
  };
}

/** The one action that all APIs belong to. */
function singleAction(apis: readonly ServedApi[]): ServedApi['action'] {
  const [first] = apis;
  return first?.action && apis.every(({ action }) => action?.name === first.action?.name) ? first.action : undefined;
}
