import { type CredentialStatus, formatStatus } from '../auth/credentials.ts';
import { type Diagnostic, formatDiagnostic } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { profileOf } from './check-profiles.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

/** `actionbridge check <spec>...`; a profile has a report of its own. */
export const check: Command = async (input) => {
  const { words, flags } = input;
  const format = String(flags['format'] ?? 'text');
  if (format !== 'text' && format !== 'json')
    throw new BridgeError('USAGE', `--format ${format} is not one of text, json`);
  const profile = profileOf(flags);
  if (profile) return (await profile())(input);
  const bridge = await openFromFlags(words, flags);
  const { registry, apis, diagnostics } = bridge;
  const credentials = await bridge.credentials();
  await bridge.close();
  if (format === 'json')
    process.stdout.write(
      `${JSON.stringify({ apis, tools: registry.tools.length, diagnostics, credentials }, null, 2)}\n`,
    );
  else
    process.stdout.write(
      `${[...diagnostics.map(formatDiagnostic), ...section(credentials), summary(registry.tools.length, diagnostics)].join('\n')}\n`,
    );
  return diagnostics.some(({ severity }) => severity === 'error') ? 1 : 0;
};

/** What the documents ask for, and how to give it. */
function section(credentials: readonly CredentialStatus[]): string[] {
  return credentials.length === 0 ? [] : ['Credentials:', ...credentials.map((status) => `  ${formatStatus(status)}`)];
}

function summary(tools: number, diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity']) =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  return `${tools} tools; ${count('error')} errors, ${count('warning')} warnings, ${count('info')} notes`;
}
