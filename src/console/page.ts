import { createHash } from 'node:crypto';
import style from './console.css?raw';
import template from './console.html?raw';
import script from './console.js?raw';

export interface ConsolePage {
  readonly html: string;
  readonly headers: { readonly [name: string]: string };
}

/**
 * The page at `/`, whole in one answer: nothing of it comes from elsewhere, and it holds nothing of the tools, so it needs no
 * token. Its policy (CSP 3) lets exactly this script and this style run, and lets them talk to this listener only.
 */
export function createConsolePage(): ConsolePage {
  const html = template
    .replace(/<style>.*?<\/style>/s, () => `<style>${style}</style>`)
    .replace(/<script>.*?<\/script>/s, () => `<script>${script}</script>`);
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    },
  };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
