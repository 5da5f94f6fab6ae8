import type { ServerResponse } from 'node:http';

/**
 * A page without script, which neither sends on the address it has (a code may be in it) nor is kept. `form` stands below the
 * message as HTML; what comes from documents in it has gone through `escapeHtml`.
 */
export function sendPage(
  response: ServerResponse,
  status: number,
  page: { readonly title: string; readonly message: string; readonly form?: string },
): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; frame-ancestors 'none'; form-action ${page.form === undefined ? "'none'" : "'self'"}`,
    'referrer-policy': page.form === undefined ? 'no-referrer' : 'same-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    connection: 'close',
  });
  const title = escapeHtml(page.title);
  response.end(
    `<!doctype html><meta name="viewport" content="width=device-width"><title>${title}</title><h1>${title}</h1><p>${escapeHtml(page.message)}</p>${page.form ?? ''}`,
  );
}

export function escapeHtml(words: string): string {
  return words.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
