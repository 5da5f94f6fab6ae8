import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { COMMANDS } from '../src/commands/table.ts';
import { repositoryFile } from './support/bridge-process.ts';

const README = readFileSync(repositoryFile('README.md'), 'utf8');
const OPTIONS = new Set(
  Object.values(COMMANDS).flatMap(({ options }) => options.map(([flags]) => /--[a-z-]+/.exec(flags)![0])),
);

describe('the README', () => {
  test.each([...OPTIONS])('it shows the option %s', (option) => {
    expect(README).toMatch(new RegExp(`${option}(?![a-z-])`));
  });

  test.each(Object.keys(COMMANDS).filter((name) => name !== 'demo'))('it shows the command %s', (name) => {
    expect(README).toMatch(new RegExp(`actionbridge (\\[)?${name}`));
  });

  it('it has no row for an option that does not exist', () => {
    const rows = README.split('\n').filter((line) => /^\| `--/.test(line));
    const shown = rows.flatMap((line) => [...line.split('|')[1]!.matchAll(/--[a-z-]+/g)].map(([option]) => option));
    expect(shown.filter((option) => !OPTIONS.has(option) && !['--help', '--version'].includes(option))).toEqual([]);
  });
});
