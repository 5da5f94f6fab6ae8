import { randomUUID } from 'node:crypto';
import { unreachable } from '../errors.ts';
import { registerSecret } from '../secrets.ts';
import { readCommandOutput } from './command-output.ts';
import type { Environment } from './expand.ts';
import type { SecretSource } from './types.ts';

/** Reads secrets; every one is masked in all sinks from then on. */
export interface SecretReader {
  /** Whether there is something to read; runs nothing. */
  has(source: SecretSource): boolean;
  /** Differs wherever the secret does, as far as it is known without running anything: replicas may share what is kept under it. */
  identityOf(source: SecretSource): string;
  /** The text, trimmed. Commands are run once. Throws CREDENTIAL_MISSING when a command fails. */
  read(source: SecretSource): Promise<string>;
  /** Forgets what a command printed, when it still is `stale`; true when another reading may bring something else. */
  forget(source: SecretSource, stale: string): boolean;
}

export interface SecretReaderOptions {
  readonly environment: Environment;
  readonly runCommand?: (argv: readonly string[]) => Promise<string>;
}

export function createSecretReader({ environment, runCommand = readCommandOutput }: SecretReaderOptions): SecretReader {
  const printed = new Map<string, { output: Promise<string>; value?: string }>();
  const nonce = randomUUID();
  return { has, identityOf, read, forget };

  function has(source: SecretSource): boolean {
    switch (source.from) {
      case 'value':
        return source.value !== '';
      case 'environment':
        return (environment[source.name] ?? '').trim() !== '';
      case 'command':
        return true;
      default:
        return unreachable(source);
    }
  }

  function identityOf(source: SecretSource): string {
    switch (source.from) {
      case 'value':
        return source.value;
      case 'environment':
        return environment[source.name] ?? '';
      case 'command':
        return JSON.stringify([nonce, source.argv]);
      default:
        return unreachable(source);
    }
  }

  async function read(source: SecretSource): Promise<string> {
    const text = (await textOf(source)).trim();
    registerSecret(text);
    return text;
  }

  async function textOf(source: SecretSource): Promise<string> {
    switch (source.from) {
      case 'value':
        return source.value;
      case 'environment':
        return environment[source.name] ?? '';
      case 'command':
        return run(source.argv);
      default:
        return unreachable(source);
    }
  }

  function run(argv: readonly string[]): Promise<string> {
    const key = JSON.stringify(argv);
    const known = printed.get(key);
    if (known) return known.output;
    const entry: { output: Promise<string>; value?: string } = { output: runCommand(argv) };
    printed.set(key, entry);
    entry.output.then(
      (value) => {
        entry.value = value.trim();
      },
      () => printed.delete(key),
    );
    return entry.output;
  }

  function forget(source: SecretSource, stale: string): boolean {
    if (source.from !== 'command') return false;
    const key = JSON.stringify(source.argv);
    if (printed.get(key)?.value === stale) printed.delete(key);
    return true;
  }
}
