import { afterEach, describe, expect, it } from 'vitest';
import { openBridge } from '../../src/index.ts';
import { createJournal, serverScript } from './fixtures.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('answers of a server', () => {
  it('are kept where the operator says so, by their arguments, until something is written', async () => {
    const journal = createJournal();
    cleanUps.push(() => journal.remove());
    const bridge = await openBridge({
      specs: [],
      mcpServers: {
        one: {
          command: process.execPath,
          args: [serverScript('second')],
          env: { REMOTE_JOURNAL: journal.path },
          tools: { echo: { policy: { cache: { silentSeconds: 60 } } } },
        },
      },
      confirm: { ask: 'never' },
    });
    cleanUps.push(() => bridge.close());
    const calls = async (name: string, args: object) => {
      const { trace, result } = await bridge.call(name, args, { surface: 'cli' });
      expect(result.kind).toBe('ok');
      return trace.cached;
    };
    expect(await calls('one_echo', { text: 'a' })).toBe(false);
    expect(await calls('one_echo', { text: 'a' })).toBe(true);
    expect(await calls('one_echo', { text: 'b & c=?' })).toBe(false);
    expect(await calls('one_echo', { text: 'b & c=?' })).toBe(true);
    expect(await calls('one_pid', {})).toBe(false);
    expect(await calls('one_pid', {})).toBe(false);
    expect(await calls('one_write', { ms: 1 })).toBe(false);
    expect(await calls('one_echo', { text: 'a' })).toBe(false);
    expect(journal.lines().filter((line) => line.startsWith('echo'))).toEqual([
      'echo {"text":"a"}',
      'echo {"text":"b & c=?"}',
      'echo {"text":"a"}',
    ]);
  });
});
