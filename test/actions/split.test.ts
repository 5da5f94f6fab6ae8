import { describe, expect, it } from 'vitest';
import { splitByTag } from '../../src/actions/write/split.ts';

const items = (...counts: readonly (readonly [string | undefined, number])[]) =>
  counts.flatMap(([tag, count]) => Array.from({ length: count }, () => ({ tags: tag === undefined ? [] : [tag] })));

const sizes = (list: ReturnType<typeof items>) => splitByTag(list).map(({ name, items: set }) => [name, set.length]);

describe('sets for the editor', () => {
  it.each([
    ['nothing', items(), []],
    ['one set when all fits', items(['a', 10], ['b', 20]), [['', 30]]],
    [
      'whole tags together as long as they fit',
      items(['a', 10], ['b', 20], ['c', 5]),
      [
        ['a-b', 30],
        ['c', 5],
      ],
    ],
    [
      'a large tag in parts',
      items(['Big Tag', 70]),
      [
        ['big-tag-1', 30],
        ['big-tag-2', 30],
        ['big-tag-3', 10],
      ],
    ],
    [
      'what has no tag',
      items([undefined, 3], ['a', 29]),
      [
        ['other', 3],
        ['a', 29],
      ],
    ],
    [
      'tags that read alike',
      items(['a b', 29], ['a-b', 29]),
      [
        ['a-b', 29],
        ['a-b-2', 29],
      ],
    ],
  ])('are %s', (_, list, expected) => {
    expect(sizes(list)).toEqual(expected);
  });
});
