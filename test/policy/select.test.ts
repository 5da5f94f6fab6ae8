import { describe, expect, test } from 'vitest';
import type { Call } from '../../src/call/execute.ts';
import { select } from '../../src/call/select.ts';
import type { CallResult, Content } from '../../src/call/types.ts';
import { makeExchange } from './exchange.ts';

const ANSWER = {
  items: [
    { id: 1, name: 'a', price: 5, tags: ['x', 'y'] },
    { id: 2, name: 'b', price: 15, tags: [] },
  ],
  total: 2,
};

async function run(args: unknown, answer: unknown = ANSWER, kind: 'ok' | 'refused' = 'ok') {
  const calls: Call[] = [];
  const content: Content = { kind: 'json', value: answer, text: JSON.stringify(answer) };
  const handler = select()(async (call) => {
    calls.push(call);
    return { kind, status: 200, statusText: '', content };
  });
  const result = await handler({ ...makeExchange().call, args });
  return { calls, result, content: 'content' in result ? result.content : undefined };
}

describe('select', () => {
  test.each<[string, unknown]>([
    ['total', 2],
    ['items[0].name', 'a'],
    ['items[].name', ['a', 'b']],
    ['items[?price < `10`].{id: id, n: name}', [{ id: 1, n: 'a' }]],
    ['items[].tags[]', ['x', 'y']],
    ['length(items)', 2],
    ['sort_by(items, &price)[-1].id', 2],
    ["join(', ', items[].name)", 'a, b'],
    ['map(&tags, items)', [['x', 'y'], []]],
    ['missing', null],
    ['constructor', null],
    ['[constructor, total]', [null, 2]],
    ['`"text"`', 'text'],
  ])('gives what %s selects', async (expression, value) => {
    const { calls, content } = await run({ id: 7, _select: expression });
    expect(content).toEqual({ kind: 'json', value, text: JSON.stringify(value) });
    expect(calls[0]!.args).toEqual({ id: 7 });
  });

  test.each([['a['], [''], [5], [null], [`a${'.a'.repeat(600)}`], ['items[?']])(
    'refuses %j before anything is sent',
    async (expression) => {
      const { calls, result } = await run({ _select: expression });
      expect(result).toMatchObject({ kind: 'invalid', issues: [{ argument: '_select' }] });
      expect(calls).toEqual([]);
    },
  );

  test.each(['length(total)', 'nosuch(items)', 'sort(items)'])(
    'gives the whole answer when %s does not suit it',
    async (expression) => {
      const { content } = await run({ _select: expression });
      expect(content).toMatchObject({ kind: 'text', text: expect.stringMatching(/^_select was not applied: /) });
      expect((content as { text: string }).text.endsWith(JSON.stringify(ANSWER))).toBe(true);
    },
  );

  test.each([
    Array(80).fill('[@,@]').join('|'),
    Array(80).fill('[@,@][]').join('|'),
    Array(40).fill('{a:@,b:@}').join('|'),
    `${Array(40).fill('[@,@]').join('|')}|to_string(@)`,
    `${Array(40).fill('[@,@]').join('|')}|[?@ == @]`,
    'join(to_string(@), items[].join(to_string(@), values(@)[]))',
    'map(&map(&[@,@],[@,@]),items[].items[].[@,@,@,@])',
  ])('does not let %s run away', async (expression) => {
    const large = { items: Array.from({ length: 3_000 }, (_, index) => ({ index, text: 'x'.repeat(100) })) };
    const started = performance.now();
    const { content } = await run({ _select: expression }, large);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(['text', 'json']).toContain(content!.kind);
  });

  test('lets ordinary selections of large answers through', async () => {
    const large = {
      items: Array.from({ length: 10_000 }, (_, index) => ({ index, a: 'x'.repeat(40), b: { c: 'y'.repeat(40) } })),
    };
    for (const expression of [
      'items[].{i: index, a: a, c: b.c}',
      'items[?index < `5`].[index, b.c]',
      'sort_by(items,&index)[:5]',
    ])
      expect((await run({ _select: expression }, large)).content!.kind).toBe('json');
  });

  test('leaves alone what is no JSON answer, what has no _select, and tools that have their own', async () => {
    expect((await run({ _select: 'total' }, ANSWER, 'refused')).content).toMatchObject({ value: ANSWER });
    expect((await run({ id: 1 })).content).toMatchObject({ value: ANSWER });
    expect((await run('no object')).content).toMatchObject({ value: ANSWER });
    const { call } = makeExchange();
    const tool = { ...call.tool, input: { ...call.tool.input, properties: { _select: {} } } };
    let seen: unknown;
    const next = async ({ args }: Call): Promise<CallResult> => {
      seen = args;
      return { kind: 'invalid', issues: [] };
    };
    await select()(next)({ ...call, tool, args: { _select: 'x' } });
    expect(seen).toEqual({ _select: 'x' });
  });
});
