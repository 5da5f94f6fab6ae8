import { describe, expect, it, test } from 'vitest';
import { APPROVAL_TTL_MS } from '../../src/call/approvals.ts';
import { BridgeError } from '../../src/errors.ts';
import { createEngine, failureOf, pendingOf, rule, shopTool } from './setup.ts';

const PAYMENT = { to: 'Ann', amount: 5, pin: 'four-three-two-one' };
const decisions = (engine: ReturnType<typeof createEngine>) =>
  engine.records().map(({ event, confirmation }) => `${event} ${confirmation ?? '-'}`);

describe('a call that a person is asked about', () => {
  it('goes out when the person accepts', async () => {
    const engine = createEngine();
    expect(await engine.call('pay', PAYMENT, { answer: { kind: 'accepted' } })).toMatchObject({ kind: 'ok' });
    expect(engine.sent).toEqual([PAYMENT]);
    expect(decisions(engine)).toEqual(['started accepted', 'finished accepted']);
  });

  test.each([
    ['declined', 'CONFIRMATION_DECLINED', /declined/],
    ['cancelled', 'CONFIRMATION_DECLINED', /without an answer/],
    ['asking', 'CONFIRMATION_REQUIRED', /is being asked/],
    ['foreign', 'CONFIRMATION_REQUIRED', /does not belong/],
  ] as const)('sends nothing when the answer is %s', async (kind, code, message) => {
    const engine = createEngine();
    const failure = failureOf(await engine.call('pay', PAYMENT, { answer: { kind } }));
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(engine.sent).toEqual([]);
    expect(engine.records()).toMatchObject([{ event: 'refused', result: 'refused', attempt: 0 }]);
  });

  it('is described by method, host, path and arguments, secrets masked', async () => {
    const engine = createEngine({ mask: (text) => text.replaceAll('hunter2', '***') });
    const args = { item: 'a "cup"\nof hunter2', count: 2, gift: { note: 'hi', api_key: 'abc' } };
    await engine.call('addOrder', args, { answer: { kind: 'declined' } });
    expect(engine.questions[0]!.text).toBe(
      [
        'POST https://shop.example.com/v1/orders',
        'Add an order (addOrder, api)',
        '- item: "a \\"cup\\"\\nof ***"',
        '- count: 2',
        '- gift: {"note":"hi","api_key":"***"}',
      ].join('\n'),
    );
    await engine.call('pay', PAYMENT, { answer: { kind: 'declined' } });
    expect(engine.questions[1]!.text).toContain('- pin: "***"');
    expect(engine.questions[1]!.text).not.toContain(PAYMENT.pin);
  });

  it('hides a secret in the path too', async () => {
    const engine = createEngine();
    const { input } = shopTool('deleteOrder');
    const properties = { id: { type: 'string', format: 'password' } };
    const tool = { input: { ...input, properties } };
    await engine.call('deleteOrder', { id: 'sesame' }, { answer: { kind: 'declined' }, tool });
    expect(engine.questions[0]!.text).toContain('DELETE https://shop.example.com/v1/orders/{id}\n');
    expect(engine.questions[0]!.text).not.toContain('sesame');
  });

  it('shows the path with its values, and long values in short', async () => {
    const engine = createEngine();
    await engine.call('deleteOrder', { id: 'a/b' }, { answer: { kind: 'declined' } });
    expect(engine.questions[0]!.text).toContain('DELETE https://shop.example.com/v1/orders/a%2Fb\n');
    await engine.call('addOrder', { item: 'x'.repeat(5_000) }, { answer: { kind: 'declined' } });
    expect(engine.questions[1]!.text.length).toBeLessThan(400);
    expect(engine.questions[1]!.text).toContain('(5002 characters)');
  });

  it('is not asked about when its arguments are wrong', async () => {
    const engine = createEngine();
    const result = await engine.call('pay', { to: 'Ann', amount: 0 }, { answer: { kind: 'accepted' } });
    expect(result.kind).toBe('invalid');
    expect(engine.questions).toEqual([]);
    expect(engine.records()).toMatchObject([{ event: 'refused', result: 'invalid' }]);
  });
});

describe('a call that nobody is to be asked about', () => {
  test.each(['getOrder', 'searchOrders'])('%s goes out without a question', async (name) => {
    const engine = createEngine();
    await engine.call(name, name === 'getOrder' ? { id: '1' } : {}, { answer: { kind: 'declined' } });
    expect(engine.sent).toHaveLength(1);
    expect(decisions(engine)).toEqual(['started -', 'finished -']);
  });
});

describe('"do not ask again"', () => {
  const always = { answer: { kind: 'accepted', remember: true } } as const;

  it('holds for the tool, with other arguments too', async () => {
    const engine = createEngine();
    await engine.call('addOrder', { item: 'cup' }, always);
    await engine.call('addOrder', { item: 'mug' }, { answer: { kind: 'declined' } });
    expect(engine.sent).toHaveLength(2);
    expect(engine.questions).toHaveLength(1);
    expect(decisions(engine)).toEqual([
      'started accepted_always',
      'finished accepted_always',
      'started remembered',
      'finished remembered',
    ]);
  });

  test.each([
    ['another tool', 'deleteOrder', { id: '1' }, {}],
    ['another caller', 'addOrder', { item: 'cup' }, { principal: 'ann' }],
    ['another person behind the caller', 'addOrder', { item: 'cup' }, { client: { subject: 'bob' } }],
    ['another version of the tool', 'addOrder', { item: 'cup' }, { tool: { description: 'changed' } }],
  ] as const)('does not hold for %s', async (_, name, args, how) => {
    const engine = createEngine();
    await engine.call('addOrder', { item: 'cup' }, always);
    const result = await engine.call(name, args, { ...how, answer: { kind: 'declined' } });
    expect(failureOf(result).code).toBe('CONFIRMATION_DECLINED');
  });

  test.each([
    ['is marked as consequential', {}, 'pay', PAYMENT],
    ['the operator wants to be asked about always', rule({ ask: 'always' }), 'addOrder', { item: 'cup' }],
  ] as const)('cannot be said of a tool that %s', async (_, rules, name, args) => {
    const engine = createEngine({ rules });
    await engine.call(name, args, always);
    await engine.call(name, args, always);
    expect(engine.questions.map(({ rememberable }) => rememberable)).toEqual([false, false]);
    expect(engine.records().map(({ confirmation }) => confirmation)).not.toContain('remembered');
  });
});

describe('a client that cannot ask', () => {
  it('is refused where the operator says so', async () => {
    const engine = createEngine({ rules: rule({ cannotAsk: 'refuse' }) });
    const failure = failureOf(await engine.call('pay', PAYMENT));
    expect(failure).toMatchObject({ code: 'CONFIRMATION_REQUIRED', hint: expect.stringContaining('cannotAsk') });
    expect(failure.confirmation).toBeUndefined();
    expect(engine.sent).toEqual([]);
    expect(decisions(engine)).toEqual(['refused refused_unasked']);
  });

  it('is let through where the operator says so, and for what is not marked', async () => {
    const engine = createEngine();
    await engine.call('addOrder', { item: 'cup' });
    expect(engine.sent).toHaveLength(1);
    expect(decisions(engine)).toEqual(['started allowed_unasked', 'finished allowed_unasked']);
    const open = createEngine({ rules: rule({ cannotAsk: 'allow' }) });
    await open.call('pay', PAYMENT);
    expect(open.sent).toHaveLength(1);
  });
});

describe('two steps', () => {
  it('take a token that the first gives out, and send nothing of it', async () => {
    const engine = createEngine();
    const failure = failureOf(await engine.call('pay', PAYMENT));
    const { token, argument, request, expiresAt } = failure.confirmation!;
    expect(failure).toMatchObject({ code: 'CONFIRMATION_REQUIRED', retryable: true });
    expect(failure.hint).toContain(`"${argument}": "${token}"`);
    expect(failure.message).toContain('POST https://shop.example.com/v1/payments');
    expect(failure.message + failure.hint + request).not.toContain(PAYMENT.pin);
    expect(Date.parse(expiresAt) - engine.clock.now()).toBe(APPROVAL_TTL_MS);
    expect(engine.sent).toEqual([]);

    const reordered = { [argument]: ` ${token}`, pin: PAYMENT.pin, amount: 5, to: 'Ann' };
    expect(await engine.call('pay', reordered)).toMatchObject({ kind: 'ok' });
    expect(engine.sent).toEqual([PAYMENT]);
    expect(decisions(engine)).toEqual(['refused token_issued', 'started token_accepted', 'finished token_accepted']);
  });

  it('take a token that the surface brings', async () => {
    const engine = createEngine();
    const { token } = pendingOf(await engine.call('pay', PAYMENT));
    expect(await engine.call('pay', PAYMENT, { approval: token })).toMatchObject({ kind: 'ok' });
  });

  it('do not take a token twice, and give a new one', async () => {
    const engine = createEngine();
    const { token } = pendingOf(await engine.call('pay', PAYMENT));
    await engine.call('pay', { ...PAYMENT, _confirmation: token });
    const again = failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: token }));
    expect(again.message).toContain('has been used before');
    expect(again.confirmation!.token).not.toBe(token);
    expect(engine.sent).toHaveLength(1);
    expect(decisions(engine).at(-1)).toBe('refused token_used');
    expect(JSON.stringify(engine.records())).not.toContain('_confirmation');
  });

  it('do not take a token after its time', async () => {
    const engine = createEngine();
    const { token } = pendingOf(await engine.call('pay', PAYMENT));
    await engine.clock.advance(APPROVAL_TTL_MS);
    expect(failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: token })).message).toContain('has expired');
    expect(engine.sent).toEqual([]);
    expect(decisions(engine).at(-1)).toBe('refused token_expired');
  });

  test.each([
    ['other arguments', 'pay', { ...PAYMENT, amount: 500 }, {}],
    ['an argument more', 'pay', { to: 'Ann', amount: 5, pin: PAYMENT.pin, _select: 'x' }, {}],
    ['another caller', 'pay', PAYMENT, { principal: 'eve' }],
    ['another version of the tool', 'pay', PAYMENT, { tool: { description: 'changed' } }],
    ['another tool', 'openVault', { door: '1' }, {}],
  ] as const)('do not take a token for %s', async (what, name, args, how) => {
    const engine = createEngine();
    const { token } = pendingOf(await engine.call('pay', PAYMENT));
    const result = await engine.call(name, { ...args, _confirmation: token }, how);
    if (what === 'an argument more') expect(result.kind).toBe('invalid');
    else expect(failureOf(result).message).toContain('was not made for this call');
    expect(engine.sent).toEqual([]);
  });

  test.each(['', 'yes', 'x'.repeat(40), 'AAAA'.repeat(10), 5, true, null, { a: 1 }])(
    'do not take %j for a token',
    async (token) => {
      const engine = createEngine();
      const failure = failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: token }));
      expect(failure.code).toBe('CONFIRMATION_REQUIRED');
      expect(engine.sent).toEqual([]);
    },
  );

  it('are not for a client that can ask: a token that a model makes up or has from elsewhere does not spare the question', async () => {
    const engine = createEngine();
    const { token } = pendingOf(await engine.call('pay', PAYMENT));
    for (const brought of ['x', token]) {
      const how = { answer: { kind: 'declined' } } as const;
      const failure = failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: brought }, how));
      expect([failure.code, failure.confirmation]).toEqual(['CONFIRMATION_DECLINED', undefined]);
    }
    expect(engine.questions).toHaveLength(2);
    expect(engine.sent).toEqual([]);
  });

  it('are not for a tool whose calls are to be refused', async () => {
    const engine = createEngine({ rules: rule({ cannotAsk: 'refuse' }) });
    const failure = failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: 'x' }));
    expect(failure).toMatchObject({ code: 'CONFIRMATION_REQUIRED' });
    expect(failure.confirmation).toBeUndefined();
  });

  it('spare the question where the surface says that it has been asked, once', async () => {
    const engine = createEngine();
    await engine.call('pay', PAYMENT, { answer: { kind: 'declined' } });
    const approval = await engine.questions[0]!.token();
    const how = { approval, answer: { kind: 'declined' } } as const;
    expect(await engine.call('pay', PAYMENT, how)).toMatchObject({ kind: 'ok' });
    expect(failureOf(await engine.call('pay', PAYMENT, how)).code).toBe('CONFIRMATION_DECLINED');
    expect(engine.questions).toHaveLength(2);
  });

  it('may be taken at different replicas that share a store', async () => {
    const first = createEngine();
    const second = createEngine({ cells: first.cells, clock: first.clock });
    const { token } = pendingOf(await first.call('pay', PAYMENT));
    expect(await second.call('pay', { ...PAYMENT, _confirmation: token })).toMatchObject({ kind: 'ok' });
    expect(failureOf(await first.call('pay', { ...PAYMENT, _confirmation: token })).message).toContain('used before');
    const stranger = createEngine({ clock: first.clock });
    const other = pendingOf(await first.call('pay', PAYMENT));
    expect(failureOf(await stranger.call('pay', { ...PAYMENT, _confirmation: other.token })).message).toContain(
      'was not made for this call',
    );
  });
});

it('sends nothing while the store is lost: nobody could tell whether a consent has been used before', async () => {
  const cells = {
    update: () => Promise.reject(new BridgeError('STORE_FAILED', 'The shared store is lost', { retryable: true })),
  };
  const engine = createEngine({ cells });
  expect(failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: 'A'.repeat(40) }))).toMatchObject({
    code: 'STORE_FAILED',
    retryable: true,
  });
  expect(engine.sent).toEqual([]);
});

describe('the state of a question', () => {
  it('comes back once, for the same call, and is no token', async () => {
    const engine = createEngine();
    await engine.call('pay', PAYMENT, { answer: { kind: 'declined' } });
    const [question] = engine.questions;
    const state = await question!.state();
    expect(failureOf(await engine.call('pay', { ...PAYMENT, _confirmation: state })).message).toContain('was not made');
    expect(await question!.redeem(state.slice(0, -1))).toBe('foreign');
    expect(await question!.redeem(`A${state.slice(1)}`)).toBe('foreign');
    await engine.call('pay', { ...PAYMENT, amount: 6 }, { answer: { kind: 'declined' } });
    expect(await engine.questions[1]!.redeem(state)).toBe('foreign');
    expect(await question!.redeem(state)).toBe('good');
    expect(await question!.redeem(state)).toBe('used');
    const late = await question!.state();
    await engine.clock.advance(APPROVAL_TTL_MS);
    expect(await question!.redeem(late)).toBe('expired');
  });
});
