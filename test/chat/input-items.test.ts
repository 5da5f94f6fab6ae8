import { describe, expect, it } from 'vitest';
import { toInputItems } from '../../src/chat/to-responses.ts';

const USER = { role: 'user', content: 'Hi' };

describe('messages that Responses cannot carry are refused, and named', () => {
  it.each([
    { title: 'a result of the old interface', message: { role: 'function', name: 'f', content: '1' }, param: '' },
    {
      title: 'a call of the old interface',
      message: { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      param: '',
    },
    {
      title: 'a part of a kind of its own',
      message: { role: 'user', content: [{ type: 'hologram' }] },
      param: '.content[0].type',
    },
  ])('$title', ({ message, param }) => {
    expect(() => toInputItems([USER, message])).toThrow(
      expect.objectContaining({ error: expect.objectContaining({ param: `messages[1]${param}` }) }),
    );
  });
});
