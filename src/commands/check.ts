import { type CredentialStatus, formatStatus } from '../auth/credentials.ts';
import type { Bridge } from '../bridge.ts';
import type { BridgeConfig } from '../config/types.ts';
import { counted, countFindings, formatDiagnostic, printableLine } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { formatReport } from '../fidelity/format.ts';
import { reportFidelity } from '../fidelity/report.ts';
import type { InspectedApi } from '../load-apis.ts';
import { profileOf } from './check-profiles.ts';
import { ONE_SHOT_WAIT_MS, openFromConfig, readConfig } from './open.ts';
import type { Command } from './table.ts';

/** One part of the report: a member of the JSON, and lines for people. */
interface Section {
  readonly key: string;
  readonly value: unknown;
  readonly lines: readonly string[];
}

/** `actionbridge check <spec>...`; a profile has a report of its own. */
export const check: Command = async (input) => {
  const { words, flags } = input;
  const format = String(flags['format'] ?? 'text');
  if (format !== 'text' && format !== 'json')
    throw new BridgeError('USAGE', `--format ${format} is not one of text, json`);
  const profile = profileOf(flags);
  if (profile) return (await profile())(input);
  const { bridge, inspected, refused } = await openAll(await readConfig(words, flags), format);
  const tools = bridge?.registry.tools ?? [];
  const found = bridge?.diagnostics ?? [];
  const credentials = (await bridge?.credentials()) ?? [];
  await bridge?.close();
  const documents = await reportFidelity(inspected, tools, found);
  const noted = documents.flatMap(({ operations, findings, validation }) => [
    ...operations.flatMap((operation) => operation.findings),
    ...findings,
    ...validation,
  ]);
  const diagnostics = [...new Set([...found, ...noted])];
  // Of the config and of MCP servers: no document's report has it.
  const elsewhere = found.filter((each) => !noted.includes(each));
  print(format, [
    { key: 'apis', value: bridge?.apis ?? [], lines: [] },
    { key: 'tools', value: tools.length, lines: [] },
    { key: 'refused', value: refused, lines: refused.map(({ message }) => `refused: ${message}`) },
    { key: 'documents', value: documents, lines: documents.flatMap(formatReport) },
    { key: 'diagnostics', value: diagnostics, lines: elsewhere.map(formatDiagnostic) },
    { key: 'credentials', value: credentials, lines: describeCredentials(credentials) },
    { key: 'summary', value: undefined, lines: [`${counted(tools.length, 'tool')}; ${countFindings(diagnostics)}`] },
  ]);
  return refused.length > 0 || diagnostics.some(({ severity }) => severity === 'error') ? 1 : 0;
};

function print(format: string, sections: readonly Section[]): void {
  const text =
    format === 'json'
      ? JSON.stringify(Object.fromEntries(sections.map(({ key, value }) => [key, value])), null, 2)
      : sections.flatMap(({ lines }) => lines.map(printableLine)).join('\n');
  process.stdout.write(`${text}\n`);
}

interface RefusedDocument {
  readonly spec: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

interface Opened {
  readonly bridge?: Bridge;
  readonly inspected: readonly InspectedApi[];
  readonly refused: readonly RefusedDocument[];
}

/** Every document that can be served at all; of several, one that cannot does not keep the others from being checked. */
async function openAll(config: BridgeConfig, format: string): Promise<Opened> {
  try {
    return { ...(await openInspected(config)), refused: [] };
  } catch (error) {
    if (!isRefusal(error) || (config.apis.length === 1 && format === 'text')) throw error;
  }
  const refused: RefusedDocument[] = [];
  const served: BridgeConfig['apis'][number][] = [];
  for (const api of config.apis) {
    try {
      const { bridge } = await openInspected({ ...config, apis: [api], mcpServers: [] });
      await bridge.close();
      served.push(api);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused.push({ spec: api.spec, code: error.code, message: error.message, hint: error.hint });
    }
  }
  if (served.length === 0) return { inspected: [], refused };
  return { ...(await openInspected({ ...config, apis: served })), refused };
}

function isRefusal(error: unknown): error is BridgeError {
  return error instanceof BridgeError && /^(?:SPEC_|SERVER_INVALID$)/.test(error.code);
}

async function openInspected(config: BridgeConfig): Promise<{ bridge: Bridge; inspected: InspectedApi[] }> {
  const inspected: InspectedApi[] = [];
  const bridge = await openFromConfig(config, {
    inspect: (api) => void inspected.push(api),
    serversWaitMs: ONE_SHOT_WAIT_MS,
  });
  return { bridge, inspected };
}

/** What the documents ask for, and how to give it. */
function describeCredentials(credentials: readonly CredentialStatus[]): string[] {
  return credentials.length === 0 ? [] : ['Credentials:', ...credentials.map((status) => `  ${formatStatus(status)}`)];
}
