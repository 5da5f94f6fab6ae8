import type { Masker } from '../../secrets.ts';
import type { Middleware } from '../compose.ts';
import type { Call } from '../execute.ts';
import type { CallResult, Content } from '../types.ts';

/**
 * Takes every registered secret out of what a caller is shown (SECURITY.md, Promises: "no secret stands in … a result"): an
 * API may echo the credential it was sent. Bytes are passed on as they came.
 */
export function mask(masker: Masker): Middleware<Call, CallResult> {
  return (next) => async (call) => masked(await next(call), masker);
}

function masked(result: CallResult, masker: Masker): CallResult {
  if (result.kind === 'ok' || result.kind === 'refused') {
    const content = maskContent(result.content, masker);
    return content === result.content ? result : { ...result, content };
  }
  return masker.maskValue(result) as CallResult;
}

function maskContent(content: Content, masker: Masker): Content {
  if (content.kind !== 'json' && content.kind !== 'text') return content;
  const text = masker.mask(content.text);
  if (text === content.text) return content;
  return content.kind === 'text' ? { ...content, text } : { ...content, text, value: masker.maskValue(content.value) };
}
