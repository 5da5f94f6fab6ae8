import { describe, expect, it } from 'vitest';
import { runBridge } from '../support/bridge-process.ts';

interface Row {
  readonly title: string;
  /** Methods with their ids and parameters, as a client without patience sends them. */
  readonly lines: readonly (readonly [method: string, id?: number, params?: object] | string)[];
  /** The first member of each answer's result besides `_meta`, or the code of its error, by id. */
  readonly answers: { readonly [id: string]: string | number };
}

const INITIALIZE = [
  'initialize',
  1,
  { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
] as const;
const INITIALIZED = ['notifications/initialized'] as const;
const ENVELOPE = {
  _meta: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};
const OPENED = { 1: 'protocolVersion' };

const ROWS: readonly Row[] = [
  {
    title: 'a session that needs nothing of the SDK',
    lines: [INITIALIZE, INITIALIZED, ['tools/list', 2], ['ping', 3], ['tools/list', 4]],
    answers: { ...OPENED, 2: 'tools', 3: '', 4: 'tools' },
  },
  {
    title: 'a session that needs it in the middle',
    lines: [INITIALIZE, INITIALIZED, ['tools/list', 2], ['resources/list', 3], ['tools/list', 4], ['ping', 5]],
    answers: { ...OPENED, 2: 'tools', 3: 'resources', 4: 'tools', 5: '' },
  },
  {
    title: 'a session that needs it at once',
    lines: [INITIALIZE, ['logging/setLevel', 2, { level: 'info' }], INITIALIZED, ['tools/list', 3]],
    answers: { ...OPENED, 2: '', 3: 'tools' },
  },
  {
    title: 'what is no JSON between messages',
    lines: [INITIALIZE, '{"jsonrpc":', INITIALIZED, ['tools/list', 2], 'null', ['ping', 3]],
    answers: { ...OPENED, 2: 'tools', 3: '' },
  },
  {
    title: 'a session that is opened twice',
    lines: [INITIALIZE, INITIALIZED, ['initialize', 2, INITIALIZE[2]], ['tools/list', 3]],
    answers: { ...OPENED, 2: 'protocolVersion', 3: 'tools' },
  },
  {
    title: 'unknown methods and cursors',
    lines: [INITIALIZE, INITIALIZED, ['tools/none', 2], ['tools/list', 3, { cursor: 'x' }], ['tools/list', 4]],
    answers: { ...OPENED, 2: -32601, 3: -32602, 4: 'tools' },
  },
  {
    title: 'calls, with and without progress',
    lines: [
      INITIALIZE,
      INITIALIZED,
      ['tools/call', 2, { name: 'get_weather', arguments: { wrong: 1 } }],
      ['tools/call', 3, { name: 'get_weather', arguments: { wrong: 1 }, _meta: { progressToken: 1 } }],
    ],
    answers: { ...OPENED, 2: 'content', 3: 'content' },
  },
  {
    title: '2026-07-28',
    lines: [
      ['server/discover', 1, ENVELOPE],
      ['tools/list', 2, ENVELOPE],
      ['resources/list', 3, ENVELOPE],
      ['tools/list', 4, ENVELOPE],
    ],
    answers: { 1: 'supportedVersions', 2: 'tools', 3: 'resources', 4: 'tools' },
  },
  {
    title: '2026-07-28, and then a session',
    lines: [['server/discover', 9, ENVELOPE], INITIALIZE, INITIALIZED, ['tools/list', 2], ['resources/list', 3]],
    answers: { 9: 'supportedVersions', ...OPENED, 2: 'tools', 3: 'resources' },
  },
];

describe('over stdio every request has one answer', () => {
  it.each(ROWS)('$title', async ({ lines, answers }) => {
    const stdin = lines.map((line) => `${typeof line === 'string' ? line : written(...line)}\n`).join('');
    const { stdout, code } = await runBridge(['specs/weather.yaml'], { stdin });
    const received = stdout.trimEnd().split('\n').map(read);
    expect(received.map(([id]) => id).sort()).toEqual(Object.keys(answers).sort());
    expect(Object.fromEntries(received)).toEqual(answers);
    expect(stdout).not.toContain('shutting down');
    expect(code).toBe(0);
  });
});

function written(method: string, id?: number, params?: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

function read(line: string): readonly [id: string, what: string | number] {
  const { id, result, error } = JSON.parse(line);
  return [String(id), error ? error.code : (Object.keys(result).find((member) => member !== '_meta') ?? '')];
}
