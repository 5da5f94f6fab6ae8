import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type RunningBridge, repositoryFile, runBridge, startBridge } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';

const SPEC = repositoryFile('test/fixtures/shop.yaml');
const PAYMENT = { to: 'Ann', amount: 5 };

const folder = mkdtempSync(join(tmpdir(), 'confirm-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi({ status: 201, json: { ok: true } });
});
afterEach(() => api.close());

/** A config file with these keys of the API, and of the whole. */
function configFile(ofApi: object, ofAll: object = {}): string {
  const file = join(folder, 'actionbridge.json');
  const shop = { spec: SPEC, baseUrl: `${api.url}/v1`, ...ofApi };
  writeFileSync(file, JSON.stringify({ ...ofAll, apis: { shop } }));
  return file;
}

describe('actionbridge call', () => {
  const words = () => ['call', SPEC, '--base-url', `${api.url}/v1`];

  it('asks nothing more of the person who has typed it', async () => {
    const { code, stdout } = await runBridge([...words(), 'pay', JSON.stringify(PAYMENT)]);
    expect([code, stdout]).toEqual([0, '{"ok":true}\n']);
  });

  it('takes two steps with --confirm where there is nobody to ask', async () => {
    const { code, stderr } = await runBridge([...words(), '--confirm', 'always', 'getOrder', '{"id":"7"}']);
    expect(code).toBe(1);
    expect(stderr).toContain('Not sent (CONFIRMATION_REQUIRED)');
    expect(stderr).toContain(`GET ${api.url}/v1/orders/7`);
    expect(api.requests).toEqual([]);
  });

  it('shows in a dry run what the second step would send', async () => {
    const args = JSON.stringify({ ...PAYMENT, _confirmation: 'x' });
    const { code, stdout } = await runBridge([...words(), '--dry-run', 'pay', args]);
    expect(code).toBe(0);
    expect(stdout).toContain(JSON.stringify(PAYMENT));
    expect(stdout).not.toContain('_confirmation');
  });

  it('knows three words for --confirm', async () => {
    const { code, stderr } = await runBridge([...words(), '--confirm', 'sometimes', 'pay']);
    expect(code).toBe(2);
    expect(stderr).toContain('--confirm "sometimes" is not one of never, consequential, always');
  });
});

describe('POST /api/{tool}', () => {
  let bridge: RunningBridge | undefined;
  afterEach(async () => {
    if (bridge) await stopped();
  });

  async function stopped() {
    const finished = await bridge!.stop();
    bridge = undefined;
    return finished;
  }

  async function post(tool: string, args: object) {
    const response = await fetch(`${bridge!.url}/api/${tool}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bridge!.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    const body = (await response.json()) as { error?: { code: string; confirmation?: { token: string } } };
    return { status: response.status, error: body.error };
  }

  it('takes two steps for what is marked, and one for the rest', async () => {
    bridge = await startBridge([SPEC, '--base-url', `${api.url}/v1`]);
    expect(await post('addOrder', { item: 'cup' })).toEqual({ status: 200, error: undefined });
    const first = await post('pay', PAYMENT);
    expect(first).toMatchObject({ status: 403, error: { code: 'CONFIRMATION_REQUIRED' } });
    const { token } = first.error!.confirmation!;
    expect((await post('pay', { ...PAYMENT, amount: 6, _confirmation: token })).status).toBe(403);
    expect(await post('pay', { ...PAYMENT, _confirmation: token })).toEqual({ status: 200, error: undefined });
    expect((await post('pay', { ...PAYMENT, _confirmation: token })).status).toBe(403);
    expect(api.requests.map(({ target }) => target)).toEqual(['/v1/orders', '/v1/payments']);
    expect((await stopped()).stderr).not.toContain('CONFIRMATION_REQUIRED');
  });

  it('is a line in the log without its arguments, for those who ask for it', async () => {
    bridge = await startBridge([SPEC, '--base-url', `${api.url}/v1`, '--log-level', 'info']);
    await post('pay', { to: 'Ann-of-Green-Gables', amount: 5 });
    const { stderr } = await stopped();
    expect(stderr).toContain('pay: CONFIRMATION_REQUIRED: This call needs the consent of a person');
    expect(stderr).not.toContain('Green-Gables');
  });

  it('asks for nothing with --confirm never', async () => {
    bridge = await startBridge([SPEC, '--base-url', `${api.url}/v1`, '--confirm', 'never']);
    expect((await post('pay', PAYMENT)).status).toBe(200);
  });

  test.each([
    ['the whole', {}, { confirm: 'never' }],
    ['an API', { confirm: { ask: 'never' } }, { confirm: 'always' }],
    ['a tool', { confirm: 'always', tools: { pay: { confirm: { cannotAsk: 'allow' } } } }, {}],
  ] as const)('does what the config says for %s', async (_, ofApi, ofAll) => {
    bridge = await startBridge(['--config', configFile(ofApi, ofAll)]);
    expect((await post('pay', PAYMENT)).status).toBe(200);
  });

  it('refuses what the config says is to be refused', async () => {
    bridge = await startBridge(['--config', configFile({ tools: { addOrder: { confirm: { cannotAsk: 'refuse' } } } })]);
    const { status, error } = await post('addOrder', { item: 'cup' });
    expect([status, error?.code, error?.confirmation]).toEqual([403, 'CONFIRMATION_REQUIRED', undefined]);
    expect((await post('deleteOrder', { id: '1' })).status).toBe(200);
  });
});

test.each([
  [{ confirm: 'maybe' }, 'apis.shop.confirm'],
  [{ tools: { pay: { confirm: { cannotAsk: 'guess' } } } }, 'apis.shop.tools.pay.confirm'],
  [{ confirm: { when: 'always' } }, 'apis.shop.confirm'],
])('a config of %j is refused by its key', async (ofApi, key) => {
  const { code, stderr } = await runBridge(['tools', '--config', configFile(ofApi)]);
  expect(code).toBe(2);
  expect(stderr).toContain(key);
});
