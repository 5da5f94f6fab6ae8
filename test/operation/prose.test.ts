import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tidyProse } from '../../src/operation/prose.ts';
import { findBoilerplate, withoutBoilerplate } from '../../src/tool/boilerplate.ts';

describe('the words of a description', () => {
  it.each([
    { why: 'plain text as it is', text: 'One pet.', tidy: 'One pet.' },
    {
      why: 'the text of a link',
      text: 'A [code](https://a.example/x_(y)) of [ISO\n4217](#iso).',
      tidy: 'A code of ISO 4217.',
    },
    {
      why: 'an address that is no link',
      text: 'Send `https://a.example` or <https://b.example>.',
      tidy: 'Send `https://a.example` or <https://b.example>.',
    },
    {
      why: 'no sentence that only sends the reader elsewhere',
      text: 'At most 100. For more information, see "[Pages](https://a.example/p)." Counts from 1.\nSee [this](/b).\n(To learn more, see [that](/c).)',
      tidy: 'At most 100. Counts from 1.',
    },
    {
      why: 'a sentence with a link that says something',
      text: 'The time in [ISO 8601](https://a.example).',
      tidy: 'The time in ISO 8601.',
    },
    {
      why: 'a referral without a link',
      text: 'For a list, see the status field.',
      tidy: 'For a list, see the status field.',
    },
    { why: 'no emphasis and no marks of notes', text: '> [!NOTE]\n> **Only** now.', tidy: 'Only now.' },
    {
      why: 'the words of HTML',
      text: '<p>One <code>id</code>.</p><p>Two<br/>three <a href="https://a.example">four</a></p><ul><li>a</li><li>b</li></ul>',
      tidy: 'One id.\nTwo\nthree four\n- a\n- b',
    },
    { why: 'what only looks like HTML', text: 'As <user>:<branch>, a < b.', tidy: 'As <user>:<branch>, a < b.' },
    {
      why: 'whole lines',
      text: 'One line\nthat goes on.\n\n\nAnother.\n- item\n  that goes on\n- item',
      tidy: 'One line that goes on.\nAnother.\n- item that goes on\n- item',
    },
    { why: 'rows of tables', text: '| a | b |\n| - | - |\n| 1 | 2 |', tidy: '| a | b |\n| - | - |\n| 1 | 2 |' },
    {
      why: 'code as written',
      text: 'So:\n```\na\n  [b](c)\n\n**d**\n```',
      tidy: 'So:\n```\na\n  [b](c)\n\n**d**\n```',
    },
  ])('keep $why', ({ text, tidy }) => {
    expect(tidyProse(text)).toBe(tidy);
  });

  it('cost linear time, whatever the text', () => {
    const parts = ['[', ']', '(', ')', '<a ', '<', '**', '`', '\n', ' ', 'see ', 'For ', '.', '](', '"'];
    for (const part of [...parts, ...parts.map((part) => `[x](${part}`)]) {
      const started = performance.now();
      tidyProse(`\n${part.repeat(20_000)}`);
      expect(performance.now() - started, part).toBeLessThan(20_000);
    }
  });

  it('stay as they are once they are tidy', () => {
    const texts = fc.array(fc.constantFrom('A b.', '\n', '\n\n', '- ', '**x**', '[t](u)', '> ', ' see ', '<p>', '`'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(texts, (parts) => {
        const once = tidyProse(parts.join(''));
        expect(once).not.toMatch(/[\u0001\u0002]/);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('boilerplate', () => {
  const repeated = 'OAuth app tokens need the `repo` scope.';
  const descriptions = Array.from({ length: 6 }, (_, index) => `Does ${index}.\nDates are UTC.\n${repeated}`);
  const boilerplate = findBoilerplate([...descriptions, 'An OAuth token is made.']);

  it('is what many operations say of what the bridge does itself, and nothing else', () => {
    expect([...boilerplate]).toEqual([repeated]);
    expect(withoutBoilerplate(descriptions[0]!, boilerplate)).toBe('Does 0.\nDates are UTC.');
  });

  it('stays where nothing else is said', () => {
    expect(withoutBoilerplate(repeated, boilerplate)).toBe(repeated);
  });
});
