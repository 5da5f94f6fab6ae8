import { describe, expect, it } from 'vitest';
import { Abort, toAbortSignal } from '../src/signal.ts';

describe('Abort', () => {
  it('tells each of its listeners once, and none that has stopped listening', () => {
    const abort = new Abort();
    const told: string[] = [];
    const gone = () => told.push('gone');
    abort.addEventListener('abort', () => told.push('first'));
    abort.addEventListener('abort', gone);
    abort.addEventListener('abort', () => told.push('last'));
    abort.removeEventListener('abort', gone);
    abort.abort('why');
    abort.abort('again');
    expect(told).toEqual(['first', 'last']);
    expect(abort).toMatchObject({ aborted: true, reason: 'why' });
  });

  it('tells those who begin to listen too late nothing, as an AbortSignal does', () => {
    const abort = new Abort();
    abort.abort(undefined);
    abort.addEventListener('abort', () => expect.unreachable());
    abort.abort(undefined);
  });

  it('lets a listener stop others, and itself, while it is told', () => {
    const abort = new Abort();
    const told: string[] = [];
    const first = () => {
      told.push('first');
      abort.removeEventListener('abort', first);
      abort.removeEventListener('abort', second);
    };
    const second = () => told.push('second');
    abort.addEventListener('abort', first);
    abort.addEventListener('abort', second);
    abort.abort(undefined);
    expect(told[0]).toBe('first');
  });
});

describe('toAbortSignal', () => {
  it('is the signal itself where it is one', () => {
    const { signal } = new AbortController();
    expect(toAbortSignal(signal)).toBe(signal);
  });

  it.each([{ when: 'before' }, { when: 'after' }])('follows one that aborts $when', ({ when }) => {
    const abort = new Abort();
    if (when === 'before') abort.abort('why');
    const signal = toAbortSignal(abort);
    abort.abort('why');
    expect(signal).toMatchObject({ aborted: true, reason: 'why' });
  });
});
