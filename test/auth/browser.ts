/** A person at a browser: follows redirects, keeps cookies per host, fills in each form that is shown, and reports every page. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

const TYPED: { readonly [name: string]: string } = {
  login: 'ann',
  password: 'anything',
  user: 'ann',
  secret: 'typed-secret-3391',
};

export function createBrowser(): { visit(url: string): Promise<Page> } {
  const cookies = new Map<string, Map<string, string>>();

  async function load(url: string, body?: URLSearchParams): Promise<Page> {
    let [current, form] = [url, body];
    for (let hop = 0; hop < 20; hop++) {
      const { host } = new URL(current);
      const jar = cookies.get(host) ?? new Map<string, string>();
      cookies.set(host, jar);
      const response = await fetch(current, {
        redirect: 'manual',
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(form ? { method: 'POST', body: form } : {}),
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (value === '') jar.delete(name);
        else jar.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status > 399)
        return { url: current, status: response.status, text: await response.text() };
      [current, form] = [new URL(location, current).href, undefined];
    }
    throw new Error(`too many redirects from ${url}`);
  }

  return {
    async visit(url) {
      let page = await load(url);
      for (let step = 0; step < 10; step++) {
        const form = readForm(page);
        if (!form) return page;
        page = await load(form.action, form.fields);
      }
      throw new Error(`one form after the other at ${page.url}`);
    },
  };
}

function readForm({ text, url }: Page): { action: string; fields: URLSearchParams } | undefined {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/.exec(text)?.[0];
  const action = form && /\baction="([^"]*)"/.exec(form)?.[1];
  if (!form || action === undefined) return undefined;
  const fields = new URLSearchParams();
  for (const [input] of form.matchAll(/<input\b[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) fields.set(name, /\bvalue="([^"]*)"/.exec(input)?.[1] ?? TYPED[name] ?? '');
  }
  return { action: new URL(action.replaceAll('&amp;', '&'), url).href, fields };
}
