import { describe, expect, it } from 'vitest';
import { countFindings, formatDiagnostic, printable, printableLine } from '../src/diagnostic.ts';
import { runBridge } from './support/bridge-process.ts';

describe('printable', () => {
  it.each([
    ['plain text, tabs and lines', 'a\tb\nc é 日本 👍', 'a\tb\nc é 日本 👍'],
    ['colours and titles', '\u001b[31mred\u001b]0;t\u0007', '\\u{1b}[31mred\\u{1b}]0;t\\u{7}'],
    ['a carriage return', 'good\rbad', 'good\\u{d}bad'],
    ['C1 controls', '\u009b31m', '\\u{9b}31m'],
    ['text turned round', 'a\u202eb', 'a\\u{202e}b'],
    ['hidden tags', 'a\u{e0041}', 'a\\u{e0041}'],
  ])('shows %s', (_, text, shown) => expect(printable(text)).toBe(shown));

  it('makes one line of several', () => expect(printableLine('a\r\nb\nc')).toBe('a b c'));
});

describe('countFindings', () => {
  it.each([
    [[], '0 errors, 0 warnings, 0 notes'],
    [['warning'], '0 errors, 1 warning, 0 notes'],
    [['info', 'error', 'info', 'error'], '2 errors, 0 warnings, 2 notes'],
    [['info', 'error'], '1 error, 0 warnings, 1 note'],
  ] as const)('says %j in words', (severities, words) =>
    expect(countFindings(severities.map((severity) => ({ severity })))).toBe(words),
  );
});

describe('formatDiagnostic', () => {
  it('is one line, whatever the document holds', () => {
    const line = formatDiagnostic({
      severity: 'error',
      code: 'c',
      file: 'f',
      pointer: '/\n\u001b[2J',
      message: 'm\nn',
    });
    expect(line).toBe('f#/ \\u{1b}[2J: error c: m n');
  });
});

const HOSTILE = {
  openapi: '3.1.0',
  info: { title: 't\u001b[31m\u202e', version: '1' },
  servers: [{ url: 'https://api.example.com/\u001b[31m' }],
  paths: {
    '/a/../\u001b[31mred\n{id}': { get: { operationId: 'x', responses: {} } },
    '/b\u001b[2J': { get: { summary: 's\u001b[31m\u202e', operationId: 'b\u001b]0;t\u0007', responses: {} } },
  },
};

describe('the commands', () => {
  it.each([
    [['check', '-']],
    [['tools', '-']],
    [['check', '-', '--profile', 'gpt-actions']],
    [['call', '-', 'no\u001b[31m']],
  ])('write nothing of a document that a terminal would obey: %j', async (words) => {
    const { stdout, stderr } = await runBridge(words, { stdin: JSON.stringify(HOSTILE) });
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
