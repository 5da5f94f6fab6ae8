import { shortHash } from '../names.ts';

/** A name that a dialect takes: the member's own, or one with a hash of it, so that two never become one. */
export function nameMember(name: string, legal: RegExp): string {
  if (legal.test(name)) return name;
  const words = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '');
  return `${/^[A-Za-z]/.test(words) ? '' : '_'}${words.slice(0, 54)}_${shortHash(name)}`;
}
