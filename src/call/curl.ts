import type { RequestPlan } from './types.ts';

/** The request as a command line for POSIX shells; bytes go through base64. */
export function toCurl(plan: RequestPlan): string {
  const words = [
    'curl',
    '-X',
    plan.method,
    quote(plan.url),
    ...plan.headers.flatMap(([name, value]) => ['-H', quote(value === '' ? `${name};` : `${name}: ${value}`)]),
  ];
  if (plan.body === undefined) return words.join(' ');
  if (typeof plan.body === 'string') return [...words, '--data-binary', quote(plan.body)].join(' ');
  return `printf %s ${quote(Buffer.from(plan.body).toString('base64'))} | base64 -d | ${[...words, '--data-binary', '@-'].join(' ')}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
