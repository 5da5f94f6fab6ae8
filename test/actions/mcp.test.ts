import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { BUNDLE, CACHE_ENVIRONMENT, repositoryFile } from '../support/bridge-process.ts';

const started = (file: string) => ({
  command: process.execPath,
  args: [BUNDLE, repositoryFile(file)],
  env: { ...(process.env as { [name: string]: string }), ...CACHE_ENVIRONMENT },
});
const GPT = 'examples/todo-gpt.json';

async function second(file: string, mode: 'auto' | 'legacy') {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StdioClientTransport(started(file)));
  return client;
}

async function first(file: string) {
  const client = new Client1({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport1(started(file)));
  return client;
}

const CLIENTS = [
  ['SDK 1.x', first],
  ['SDK 2.x, legacy', (file: string) => second(file, 'legacy')],
  ['SDK 2.x, auto', (file: string) => second(file, 'auto')],
] as const;

describe.each(CLIENTS)('a GPT as %s sees it', (_, connect) => {
  it('has its name, links, instructions and conversation starters', async () => {
    const client = await connect(GPT);
    expect(client.getServerVersion()).toMatchObject({
      name: 'To-do Keeper',
      title: 'To-do Keeper',
      description: 'Reads and changes your to-do list.',
      websiteUrl: 'https://todo.example.com/privacy',
      icons: [{ src: 'https://todo.example.com/logo.png' }],
    });
    expect(client.getInstructions()).toMatch(/^You are a calm assistant/);
    const { prompts } = await client.listPrompts();
    expect(prompts).toEqual([
      { name: 'what_is_due_this_week', title: 'What is due this week?' },
      { name: 'add_buy_milk_for_tomorrow', title: 'Add "buy milk" for tomorrow' },
      { name: 'which_to_dos_are_overdue', title: 'Which to-dos are overdue?' },
      { name: 'instructions', title: 'Instructions of To-do Keeper' },
    ]);
    const { messages } = await client.getPrompt({ name: 'add_buy_milk_for_tomorrow' });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Add "buy milk" for tomorrow' } }]);
    await expect(client.getPrompt({ name: 'other' })).rejects.toMatchObject({ code: -32602 });
    await client.close();
  });

  it('offers no prompts where there are none', async () => {
    const client = await connect('specs/petstore.yaml');
    expect(client.getServerCapabilities()).not.toHaveProperty('prompts');
    expect(client.getServerVersion()).toMatchObject({ name: 'actionbridge' });
    await client.close();
  });
});
