import jmespath from 'jmespath';

/** How APIs usually call what ChatGPT asks for, the likeliest first. */
const MEMBERS = {
  results: ['results', 'items', 'data', 'hits', 'documents', 'entries', 'records', 'values'],
  id: ['id', '_id', 'uuid', 'key', 'slug', 'number'],
  title: ['title', 'name', 'subject', 'headline', 'label', 'full_name', 'summary'],
  url: ['html_url', 'web_url', 'webUrl', 'permalink', 'link', 'href', 'url'],
  text: ['text', 'body', 'content', 'markdown', 'description', 'summary'],
} as const;

/** Expressions were checked with the config; one that does not suit an answer finds nothing. */
export function pick(value: unknown, expression: string | undefined, otherwise: (value: unknown) => unknown): unknown {
  if (expression === undefined) return otherwise(value);
  try {
    return jmespath.search(value, expression) as unknown;
  } catch {
    return undefined;
  }
}

export function member(of: keyof typeof MEMBERS): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined;
    const name = MEMBERS[of].find((each) => Object.hasOwn(value, each));
    return name === undefined ? undefined : (value as { readonly [name: string]: unknown })[name];
  };
}

export function firstArray(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  const named = member('results')(value);
  if (Array.isArray(named)) return named;
  return typeof value === 'object' && value !== null ? Object.values(value).find(Array.isArray) : undefined;
}

export function textMember(value: unknown): unknown {
  const text = member('text')(value);
  return typeof text === 'string' && text !== '' ? text : value;
}

export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
