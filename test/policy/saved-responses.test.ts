import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSavedResponses, type ResponsePage } from '../../src/store/saved-responses.ts';
import { createFakeClock } from './fake-clock.ts';

describe('createSavedResponses', () => {
  test('gives pages that make up the text, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (text, pageLength) => {
          const saved = createSavedResponses({ pageLength });
          let uri: string | undefined = saved.save(text, 'text/plain', 'ann')!.uri;
          let whole = '';
          while (uri !== undefined) {
            const page: ResponsePage = saved.read(uri, 'ann')!;
            expect(page.text.isWellFormed()).toBe(true);
            whole += page.text;
            uri = page.next;
          }
          expect(whole).toBe(text);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('tells size, pages and expiry', () => {
    const clock = createFakeClock();
    const saved = createSavedResponses({ clock, pageLength: 4, newId: () => 'abc' });
    expect(saved.save('0123456789', 'application/json', undefined)).toEqual({
      uri: 'actionbridge://responses/abc',
      mediaType: 'application/json',
      length: 10,
      pages: 3,
      expiresAt: clock.now() + 900_000,
    });
    expect(saved.read('actionbridge://responses/abc?page=3', undefined)).toEqual({
      mediaType: 'application/json',
      page: 3,
      pages: 3,
      text: '89',
    });
  });

  test.each([
    'actionbridge://responses/abc?page=0',
    'actionbridge://responses/abc?page=4',
    'actionbridge://responses/abc?page=x',
    'actionbridge://responses/abd',
    'actionbridge://responses/../abc',
    'http://responses/abc',
    '',
  ])('knows nothing of %s', (uri) => {
    const saved = createSavedResponses({ pageLength: 4, newId: () => 'abc' });
    saved.save('0123456789', 'text/plain', undefined);
    expect(saved.read(uri, undefined)).toBeUndefined();
  });

  test('shows each principal their own only', () => {
    const saved = createSavedResponses();
    const { uri } = saved.save('secret', 'text/plain', 'ann')!;
    expect(saved.read(uri, 'bob')).toBeUndefined();
    expect(saved.read(uri, undefined)).toBeUndefined();
    expect(saved.list('bob')).toEqual([]);
    expect(saved.list('ann').map((each) => each.uri)).toEqual([uri]);
  });

  test('forgets after 15 minutes', async () => {
    const clock = createFakeClock();
    const saved = createSavedResponses({ clock });
    const { uri } = saved.save('x', 'text/plain', 'ann')!;
    await clock.advance(899_999);
    expect(saved.read(uri, 'ann')).toBeDefined();
    await clock.advance(1);
    expect(saved.read(uri, 'ann')).toBeUndefined();
  });

  test('drops the oldest when there is no room, and does not take what is too large', () => {
    const saved = createSavedResponses({ maxBytes: 20 });
    const first = saved.save('12345', 'text/plain', 'ann')!;
    const second = saved.save('12345', 'text/plain', 'ann')!;
    const third = saved.save('1', 'text/plain', 'ann')!;
    expect(saved.save('12345678901', 'text/plain', 'ann')).toBeUndefined();
    expect([first, second, third].map(({ uri }) => saved.read(uri, 'ann') !== undefined)).toEqual([false, true, true]);
  });

  test('makes names that cannot be guessed', () => {
    const saved = createSavedResponses();
    const uris = Array.from({ length: 100 }, () => saved.save('x', 'text/plain', undefined)!.uri);
    expect(new Set(uris).size).toBe(100);
    for (const uri of uris) expect(uri).toMatch(/^actionbridge:\/\/responses\/[A-Za-z0-9_-]{24}$/);
  });
});
