import type { ClientHints } from '../call/execute.ts';

const MAX = 200;

/**
 * What ChatGPT says with each request about the person and the conversation (Apps SDK, `_meta`). Any client can say it:
 * it is not proven, and decides nothing but limits, correlation and the ids that backends of GPTs are shown.
 */
export function clientHintsOf(
  meta: { readonly [key: string]: unknown } = {},
  sessionId?: string,
): ClientHints | undefined {
  const subject = textOf(meta['openai/subject']);
  const session = textOf(meta['openai/session']) ?? textOf(sessionId);
  const location = locationOf(meta['openai/userLocation']);
  if (subject === undefined && session === undefined && !location) return undefined;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(session === undefined ? {} : { session }),
    ...(location ? { location } : {}),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX) : undefined;
}

function locationOf(value: unknown): ClientHints['location'] {
  if (typeof value !== 'object' || value === null) return undefined;
  const { country, region } = value as { readonly [key: string]: unknown };
  const [known, part] = [textOf(country), textOf(region)];
  if (known === undefined && part === undefined) return undefined;
  return { ...(known === undefined ? {} : { country: known }), ...(part === undefined ? {} : { region: part }) };
}
