import { describe, expect, it, test } from 'vitest';
import { type ConfirmationRules, confirmationOf, listedInput, withConfirmation } from '../../src/tool/confirmation.ts';
import { fingerprint } from '../../src/tool/fingerprint.ts';
import { toMcpTool } from '../../src/tool/mcp-tool.ts';
import { shopTool } from './setup.ts';

interface Row {
  readonly tool: string;
  readonly rules?: ConfirmationRules;
  readonly asked: boolean;
  readonly rememberable?: boolean;
  readonly cannotAsk?: string;
}

/** The three states of the flag (facts/chatgpt.md 1.5) against what an operator may say. */
const ROWS: readonly Row[] = [
  { tool: 'getOrder', asked: false },
  { tool: 'addOrder', asked: true, rememberable: true, cannotAsk: 'allow' },
  { tool: 'deleteOrder', asked: true, rememberable: true, cannotAsk: 'allow' },
  { tool: 'searchOrders', asked: false },
  { tool: 'pay', asked: true, rememberable: false, cannotAsk: 'two-step' },
  { tool: 'openVault', asked: true, rememberable: false, cannotAsk: 'two-step' },
  { tool: 'pay', rules: { bridge: { ask: 'never' } }, asked: false },
  { tool: 'getOrder', rules: { bridge: { ask: 'always' } }, asked: true, rememberable: true, cannotAsk: 'two-step' },
  { tool: 'searchOrders', rules: { api: { ask: 'always' } }, asked: true, rememberable: true, cannotAsk: 'two-step' },
  { tool: 'getOrder', rules: { tool: { ask: 'always' } }, asked: true, rememberable: false, cannotAsk: 'two-step' },
  { tool: 'addOrder', rules: { bridge: { ask: 'always' }, tool: { ask: 'never' } }, asked: false },
  {
    tool: 'addOrder',
    rules: { bridge: { ask: 'never' }, api: { ask: 'consequential' } },
    asked: true,
    rememberable: true,
    cannotAsk: 'allow',
  },
  { tool: 'pay', rules: { bridge: { cannotAsk: 'allow' } }, asked: true, rememberable: false, cannotAsk: 'allow' },
  {
    tool: 'addOrder',
    rules: { bridge: { cannotAsk: 'allow' }, tool: { cannotAsk: 'refuse' } },
    asked: true,
    rememberable: true,
    cannotAsk: 'refuse',
  },
];

describe('confirmationOf', () => {
  test.each(ROWS)('$tool under $rules: asked $asked', ({ tool, rules, asked, rememberable, cannotAsk }) => {
    const confirmation = confirmationOf(shopTool(tool), rules ?? {});
    if (asked) expect(confirmation).toEqual({ rememberable, cannotAsk, argument: '_confirmation' });
    else expect(confirmation).toBeUndefined();
  });

  it('names the argument otherwise where the API has one of that name', () => {
    const pay = shopTool('pay');
    const input = { ...pay.input, properties: { ...pay.input.properties, _confirmation: { type: 'string' } } };
    expect(confirmationOf({ ...pay, input }, {})?.argument).toBe('_confirmation_');
  });
});

describe('a tool that is asked about', () => {
  it('lists the argument of the second step only where there may be one', () => {
    const listed = (name: string) => Object.keys(listedInput(withConfirmation(shopTool(name), {})).properties);
    expect(listed('pay')).toEqual(['to', 'amount', 'pin', '_confirmation']);
    expect(listed('addOrder')).not.toContain('_confirmation');
  });

  it('says in its annotations and in _meta what the document says', () => {
    const shown = (name: string) => toMcpTool(withConfirmation(shopTool(name), {}));
    expect(shown('pay').annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true });
    expect(shown('pay')._meta.actionbridge).toMatchObject({ consequential: true, confirm: 'two-step' });
    expect(shown('openVault').annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true });
    expect(shown('searchOrders').annotations).toMatchObject({ readOnlyHint: false, destructiveHint: false });
    expect(shown('searchOrders')._meta.actionbridge).toEqual({
      api: 'api',
      method: 'POST',
      path: '/orders/search',
      consequential: false,
    });
    expect(shown('getOrder')._meta.actionbridge).not.toHaveProperty('consequential');
    expect(shown('addOrder')._meta.actionbridge).toMatchObject({ confirm: 'allow' });
  });

  it('keeps its fingerprint: how it is confirmed is no part of what it does', () => {
    const pay = shopTool('pay');
    expect(fingerprint(withConfirmation(pay, {}))).toBe(fingerprint(pay));
    expect(withConfirmation(withConfirmation(pay, {}), { tool: { ask: 'never' } })).toEqual(pay);
  });
});
