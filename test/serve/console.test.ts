import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Served, serveItems } from './support.ts';

describe('the console', () => {
  let served: Served;
  let page: Answer;
  beforeAll(async () => {
    served = await serveItems();
    page = await served.send({ path: '/', headers: { authorization: '' } });
  });
  afterAll(() => served.close());

  it('comes without a token, and tells nothing of the tools', () => {
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).not.toMatch(/listItems|addItem|deleteItem/);
  });

  it('lets exactly its own script and style run', () => {
    const policy = page.headers['content-security-policy'] as string;
    for (const tag of ['script', 'style']) {
      const parts = [...page.text.matchAll(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 'gs'))].map(([, text]) => text!);
      expect(parts).toHaveLength(1);
      expect(policy).toContain(`${tag}-src 'sha256-${createHash('sha256').update(parts[0]!).digest('base64')}'`);
    }
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('needs nothing from elsewhere', () => {
    expect(page.text).not.toMatch(/\b(?:src|href|action|style|on[a-z]+)=|url\(|@import|https?:\/\//);
  });

  it('shows what comes from documents and APIs as text only', () => {
    expect(page.text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  });
});
