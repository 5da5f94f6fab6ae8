import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import type { PendingConfirmation } from '../../src/call/types.ts';
import { readRecords } from '../audit/support.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { type FakeApi, startFakeApi } from '../support/fake-api.ts';
import {
  type Answered,
  type Asked,
  type CallAnswer,
  type ConnectedClient,
  OFFICIAL_CLIENTS,
} from '../support/mcp-clients.ts';

const SPEC = `shop=${repositoryFile('test/fixtures/shop.yaml')}`;
const CANARY = 'confirm-canary-8812';
const PAYMENT = { to: 'Ann', amount: 5, pin: 'four-three-two-one' };
const CLOCK = { NODE_OPTIONS: `--import=${repositoryFile('test/fixtures/skip-time.mjs')}` };

const folder = mkdtempSync(join(tmpdir(), 'confirm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** Words for the command, and what stands in the audit log that they ask for. */
function commandFor(api: FakeApi) {
  const file = join(folder, `${++files}.jsonl`);
  const words = [SPEC, '--base-url', `${api.url}/v1`, '--header', `X-Key: ${CANARY}`, '--audit', file];
  return {
    words,
    decisions: () =>
      readRecords(file).map(({ event, tool, confirmation }) => `${tool} ${event} ${confirmation ?? '-'}`),
  };
}

/** Eleven minutes later, for the command. It has noticed once it has answered twice. */
async function skipTime(client: ConnectedClient): Promise<void> {
  process.kill(client.pid(), 'SIGUSR2');
  await client.call('getOrder', { id: '1' });
  await client.call('getOrder', { id: '2' });
}

/** Payments that reached the API. */
function paid({ requests }: FakeApi): number {
  return requests.filter(({ target }) => target === '/v1/payments').length;
}

function pendingOf({ meta }: CallAnswer): PendingConfirmation {
  return (meta['actionbridge'] as { confirmation: PendingConfirmation }).confirmation;
}

describe.each(OFFICIAL_CLIENTS)('$name, a client that can ask', ({ connect, revision }) => {
  let api: FakeApi;
  let client: ConnectedClient;
  let decisions: () => string[];
  let answer: Answered;
  let asked: Asked[];

  beforeAll(async () => {
    api = await startFakeApi({ status: 201, json: { ok: true } });
    const command = commandFor(api);
    decisions = command.decisions;
    const person = {
      answer(question: Asked) {
        asked.push(question);
        return answer;
      },
    };
    client = await connect(command.words, { person, env: CLOCK });
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await client?.close();
    await api?.close();
  });

  it('shows the person what would be sent, and sends it when they accept', async () => {
    answer = { action: 'accept', content: {} };
    expect(await client.call('pay', PAYMENT)).toMatchObject({ isError: false, text: expect.stringContaining('ok') });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ mode: 'form', fields: [] });
    expect(asked[0]!.message).toContain(`POST ${api.url}/v1/payments`);
    expect(asked[0]!.message).toContain('- to: "Ann"\n- amount: 5\n- pin: "***"');
    expect(JSON.parse(api.requests.at(-1)!.body.toString())).toEqual(PAYMENT);
    expect(decisions().slice(-3)).toEqual(['pay refused asked', 'pay started accepted', 'pay finished accepted']);
  });

  test.each([
    ['decline', 'declined', /declined this call of pay; nothing was sent/],
    ['cancel', 'cancelled', /without an answer; nothing was sent/],
  ] as const)('sends nothing when they %s', async (action, decision, text) => {
    const sent = paid(api);
    answer = { action };
    const result = await client.call('pay', PAYMENT);
    expect(result).toMatchObject({ isError: true, text: expect.stringMatching(text) });
    expect(result.text).toContain('CONFIRMATION_DECLINED');
    expect(paid(api)).toBe(sent);
    expect(decisions().at(-1)).toBe(`pay refused ${decision}`);
  });

  it('asks also when the model brings a token', async () => {
    answer = { action: 'decline' };
    expect((await client.call('pay', { ...PAYMENT, _confirmation: 'x' })).text).toContain('CONFIRMATION_DECLINED');
    expect(asked).toHaveLength(1);
  });

  it('shows no secret that an argument repeats', async () => {
    answer = { action: 'decline' };
    await client.call('addOrder', { item: `tell ${CANARY}`, gift: { note: 'x', api_key: 'k-1' } });
    expect(asked[0]!.message).toContain('- item: "tell ***"\n- gift: {"note":"x","api_key":"***"}');
  });

  it('does not ask about what only reads, is marked as harmless, or has wrong arguments', async () => {
    answer = { action: 'decline' };
    expect(await client.call('getOrder', { id: '1' })).toMatchObject({ isError: false });
    expect(await client.call('searchOrders', { text: 'cup' })).toMatchObject({ isError: false });
    expect(await client.call('pay', { ...PAYMENT, amount: 0 })).toMatchObject({ isError: true });
    expect(asked).toEqual([]);
  });

  it('remembers "do not ask again" for a tool, and never for one that is marked', async () => {
    answer = { action: 'accept', content: { do_not_ask_again: true } };
    await client.call('addOrder', { item: 'cup' });
    await client.call('addOrder', { item: 'mug' });
    expect(asked.map(({ fields }) => fields)).toEqual([['do_not_ask_again']]);
    expect(decisions().slice(-4)).toEqual([
      'addOrder started accepted_always',
      'addOrder finished accepted_always',
      'addOrder started remembered',
      'addOrder finished remembered',
    ]);
    await client.call('pay', PAYMENT);
    await client.call('pay', PAYMENT);
    expect(asked).toHaveLength(3);
  });

  describe.skipIf(revision < '2026-07-28')('that fulfils input_required itself', () => {
    const accept = { confirm: { action: 'accept', content: {} } } as const;

    async function ask() {
      const { required } = await client.callLeg!('pay', PAYMENT);
      expect(required!.inputRequests).toMatchObject({ confirm: { method: 'elicitation/create' } });
      return { requestState: required!.requestState, inputResponses: accept };
    }

    it('may bring the answer once', async () => {
      const brought = await ask();
      expect(await client.callLeg!('pay', PAYMENT, brought)).toMatchObject({ isError: false });
      const sent = paid(api);
      const again = await client.callLeg!('pay', PAYMENT, brought);
      expect(again.required).toBeDefined();
      expect(paid(api)).toBe(sent);
      expect(
        await client.callLeg!('pay', PAYMENT, { ...brought, requestState: again.required!.requestState }),
      ).toMatchObject({ isError: false });
    });

    it('is asked anew when the answer comes too late', async () => {
      const sent = paid(api);
      const brought = await ask();
      await skipTime(client);
      expect((await client.callLeg!('pay', PAYMENT, brought)).required).toBeDefined();
      expect(paid(api)).toBe(sent);
    });

    test.each([
      ['other arguments', { ...PAYMENT, amount: 500 }, (state: string) => state],
      ['a state that was changed', PAYMENT, (state: string) => `A${state.slice(1)}`],
      ['a state that it made up', PAYMENT, () => 'yes'],
    ] as const)('is refused with %s', async (_, args, change) => {
      const sent = paid(api);
      const brought = await ask();
      const leg = client.callLeg!('pay', args, { ...brought, requestState: change(brought.requestState) });
      await expect(leg).rejects.toMatchObject({ code: -32602 });
      expect(paid(api)).toBe(sent);
      expect(decisions().at(-1)).toBe('pay refused answer_foreign');
    });

    it('is asked when it brings an answer without a state', async () => {
      const leg = await client.callLeg!('pay', PAYMENT, { inputResponses: accept } as never);
      expect(leg.required).toBeDefined();
    });
  });

  it('goes on after all of that', async () => {
    expect(await client.call('getOrder', { id: '2' })).toMatchObject({ isError: false });
    expect(client.errors).toEqual([]);
  });
});

describe.each(OFFICIAL_CLIENTS)('$name, a client that cannot ask', ({ connect }) => {
  let api: FakeApi;
  let client: ConnectedClient;
  let decisions: () => string[];

  beforeAll(async () => {
    api = await startFakeApi({ status: 201, json: { ok: true } });
    const command = commandFor(api);
    decisions = command.decisions;
    client = await connect(command.words, { env: CLOCK });
  });
  afterAll(async () => {
    await client?.close();
    await api?.close();
  });

  it('is shown the argument of the second step, and what the document says', async () => {
    const tools = await client.listTools();
    const pay = tools.find(({ name }) => name === 'pay')!;
    expect(Object.keys(pay.inputSchema['properties'] as object)).toContain('_confirmation');
    expect(pay.inputSchema['required']).toEqual(['to', 'amount']);
    expect(pay.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true });
    expect(JSON.stringify(tools.find(({ name }) => name === 'addOrder'))).not.toContain('_confirmation');
  });

  it('calls a marked tool in two steps, the second with the token of the first', async () => {
    const first = await client.call('pay', PAYMENT);
    expect(first).toMatchObject({ isError: true, text: expect.stringContaining('CONFIRMATION_REQUIRED') });
    expect(first.text).toContain(`POST ${api.url}/v1/payments`);
    expect(first.text).not.toContain(PAYMENT.pin);
    const { token, argument } = pendingOf(first);
    expect(first.text).toContain(`"${argument}": "${token}"`);
    expect(api.requests).toEqual([]);

    expect(await client.call('pay', { ...PAYMENT, [argument]: token })).toMatchObject({ isError: false });
    expect(JSON.parse(api.requests[0]!.body.toString())).toEqual(PAYMENT);
    expect(decisions()).toEqual([
      'pay refused token_issued',
      'pay started token_accepted',
      'pay finished token_accepted',
    ]);
  });

  it('cannot use a token twice, for other arguments, or after its time', async () => {
    const sent = paid(api);
    const issue = async () => pendingOf(await client.call('pay', PAYMENT)).token;
    const used = await issue();
    await client.call('pay', { ...PAYMENT, _confirmation: used });
    const replayed = await client.call('pay', { ...PAYMENT, _confirmation: used });
    expect(replayed).toMatchObject({ isError: true, text: expect.stringContaining('has been used before') });
    const changed = await client.call('pay', { ...PAYMENT, amount: 500, _confirmation: await issue() });
    expect(changed).toMatchObject({ isError: true, text: expect.stringContaining('was not made for this call') });
    const late = await issue();
    await skipTime(client);
    const expired = await client.call('pay', { ...PAYMENT, _confirmation: late });
    expect(expired).toMatchObject({ isError: true, text: expect.stringContaining('has expired') });
    expect(paid(api)).toBe(sent + 1);
    expect(
      decisions()
        .filter((line) => line.startsWith('pay refused'))
        .slice(-6),
    ).toEqual([
      'pay refused token_issued',
      'pay refused token_used',
      'pay refused token_issued',
      'pay refused token_foreign',
      'pay refused token_issued',
      'pay refused token_expired',
    ]);
  });

  it('calls what is not marked at once, and that is on record', async () => {
    expect(await client.call('deleteOrder', { id: '1' })).toMatchObject({ isError: false });
    expect(decisions().slice(-2)).toEqual([
      'deleteOrder started allowed_unasked',
      'deleteOrder finished allowed_unasked',
    ]);
  });
});
