import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { readMcpConfigFiles } from '../../src/config/mcp-config-file.ts';
import { createMasker } from '../../src/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'actionbridge-mcp-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function fileOf(content: unknown, name = 'mcp.json'): string {
  const path = join(folder, `${count++}-${name}`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const foreign = (servers: object, environment = {}) =>
  readMcpConfigFiles([fileOf({ mcpServers: servers })], environment);
const ours = async (servers: object, environment = {}) =>
  (await readConfigFile(fileOf({ mcpServers: servers }, 'actionbridge.json'), environment))!.mcpServers;

describe.each([
  ['a file of another program', async (servers: object, environment?: object) => foreign(servers, environment)],
  ['the config', ours],
])('servers in %s', (_, read) => {
  it.each([
    [
      'a command',
      { command: 'npx', args: ['-y', 'some-server', '/data'], env: { LEVEL: 'debug', PORT: 3000 } },
      { kind: 'stdio', command: 'npx', args: ['-y', 'some-server', '/data'], env: { LEVEL: 'debug', PORT: '3000' } },
    ],
    ['a folder', { command: 'x', cwd: '/srv' }, { kind: 'stdio', command: 'x', args: [], env: {}, cwd: '/srv' }],
    ['a url', { url: 'https://mcp.example/mcp' }, { kind: 'http', url: 'https://mcp.example/mcp', headers: {} }],
    [
      'the old transport',
      { type: 'sse', url: 'https://mcp.example/sse' },
      { kind: 'sse', url: 'https://mcp.example/sse', headers: {} },
    ],
    [
      'headers with variables',
      { type: 'streamable-http', url: 'https://mcp.example/', headers: { Authorization: 'Bearer ${MY_TOKEN}' } },
      { kind: 'http', url: 'https://mcp.example/', headers: { Authorization: 'Bearer abcd-1234-secret' } },
    ],
    [
      'variables as editors write them',
      { command: 'x', args: ['${env:MY_TOKEN}', '${NONE:-standard}', '${MY_TOKEN:-standard}'] },
      { kind: 'stdio', command: 'x', args: ['abcd-1234-secret', 'standard', 'abcd-1234-secret'], env: {} },
    ],
  ])('may have %s', async (_name, entry, target) => {
    expect((await read({ one: entry }, { MY_TOKEN: 'abcd-1234-secret' }))[0]).toMatchObject({ name: 'one', target });
  });

  it.each([
    ['neither command nor url', { args: [] }, 'mcpServers.one: needs a command, or a url'],
    ['both', { command: 'x', url: 'https://a.example/' }, 'either a command or a url'],
    [
      'a type that does not fit',
      { type: 'http', command: 'x' },
      'mcpServers.one.type: "http" does not go with a command',
    ],
    ['a password in the url', { url: 'https://me:pw@a.example/' }, 'mcpServers.one.url: must not hold'],
    [
      'a variable that is not set',
      { command: 'x', env: { A: '${NOT_SET}' } },
      'mcpServers.one.env.A: ${NOT_SET} is not set',
    ],
    ['a question to the person', { command: 'x', env: { A: '${input:key}' } }, '${input:key} cannot be asked for'],
    ['an argument that is no text', { command: 'x', args: [1] }, 'mcpServers.one.args.0'],
    ['no header', { url: 'https://a.example/', headers: { 'a b': 'x' } }, '"a b" is no header'],
  ])('are refused with %s', async (_name, entry, message) => {
    await expect(read({ one: entry })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message),
    });
  });

  it('are named so that names of tools can hold it', async () => {
    const names = (await read({ 'My Server (1)': { command: 'x' }, '@scope/thing': { command: 'x' } })).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['My_Server_1', 'scope_thing']);
  });

  it('that are disabled are left out', async () => {
    expect(await read({ one: { command: 'x', disabled: true } })).toEqual([]);
  });

  it('do not start a bridge that would start itself without end', async () => {
    await expect(read({ one: { command: 'x' } }, { ACTIONBRIDGE_DEPTH: '2' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('other bridges'),
    });
  });

  it('keep their secrets out of every sink, and ordinary words in', async () => {
    await read({
      one: {
        command: 'x',
        env: { API_KEY: 'hush-hush', LEVEL: 'verbose', BLOB: 'a1b2c3d4e5f6a7b8c9d0e1', DB: 'pg://u:pass9word@h/d' },
      },
      two: { url: 'https://a.example/', headers: { Authorization: 'Bearer tok-en-99' } },
    });
    expect(createMasker().mask('hush-hush verbose a1b2c3d4e5f6a7b8c9d0e1 pass9word tok-en-99')).toBe(
      '*** verbose *** *** ***',
    );
  });
});

describe('a file of another program', () => {
  it('may be that of VS Code, with comments', () => {
    const file = fileOf('{ // servers\n "servers": { "one": { "command": "x", /* no */ "args": ["http://a"], }, } }');
    expect(readMcpConfigFiles([file], {})).toMatchObject([
      { name: 'one', target: { command: 'x', args: ['http://a'] } },
    ]);
  });

  it('has members that are told to mean nothing', () => {
    expect(foreign({ one: { command: 'x', alwaysAllow: ['a'], timeout: 5 } })[0]!.ignored).toEqual([
      'alwaysAllow',
      'timeout',
    ]);
  });

  it.each([
    ['is not there', () => [join(folder, 'nowhere.json')], 'no such file'],
    ['is no JSON', () => [fileOf('{')], 'mcp.json'],
    ['has no servers', () => [fileOf({ theme: 'dark' })], 'no "mcpServers"'],
  ])('is refused when it %s', (_, paths, message) => {
    expect(() => readMcpConfigFiles(paths(), {})).toThrowError(message);
  });
});

describe('the config', () => {
  it('says of a server what it says of an API', async () => {
    const [server] = await ours({
      one: {
        command: 'x',
        include: ['read_*'],
        timeout: 5,
        confirm: 'never',
        tools: { read_a: { name: 'reading', hidden: false } },
      },
    });
    expect(server).toMatchObject({
      include: ['read_*'],
      policy: { timeoutMs: 5_000 },
      confirm: { ask: 'never' },
      tools: { read_a: { name: 'reading' } },
    });
  });

  it('has no members that mean nothing', async () => {
    await expect(ours({ one: { command: 'x', comand: 'y' } })).rejects.toMatchObject({
      message: expect.stringContaining('comand'),
    });
  });
});
