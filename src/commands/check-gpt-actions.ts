import type { EditorFinding } from '../actions/editor/finding.ts';
import { formatFinding, summarizeFindings } from '../actions/editor/format.ts';
import { validateForEditor, validateTogether } from '../actions/editor/validate.ts';
import { describeMissingServer, type Fixed, fixForEditor } from '../actions/write/fix.ts';
import type { BridgeConfig } from '../config/types.ts';
import { type Diagnostic, formatDiagnostic, printableLine } from '../diagnostic.ts';
import type { InspectedApi } from '../load-apis.ts';
import { openFromConfig, readConfig } from './open.ts';
import type { Command } from './table.ts';
import { writeDocuments } from './write-documents.ts';

/** What was found out about one document, and what was written in its place. */
interface Report {
  readonly api: string;
  readonly file: string;
  readonly findings: readonly EditorFinding[];
  readonly fixed?: Written;
}

interface Written {
  readonly documents: readonly { readonly path: string; readonly operations: number }[];
  readonly losses: readonly Diagnostic[];
  readonly leftOut: readonly string[];
}

/** `actionbridge check <spec>... --profile gpt-actions [--fix [--out FOLDER]]` */
export const checkGptActions: Command = async ({ words, flags }) => {
  const config = await readConfig(words, flags);
  const inspected: InspectedApi[] = [];
  const bridge = await openFromConfig(config, { inspect: (api) => void inspected.push(api) });
  await bridge.close();
  const together = validateTogether(inspected.map(({ spec }) => spec));
  const folder = flags['fix'] === true ? String(flags['out'] ?? '.') : undefined;
  const reports = inspected.map(({ name, spec }): Report => {
    const file = spec.source.name;
    const findings = [...validateForEditor(spec), ...together.filter((finding) => finding.file === file)];
    return {
      api: name,
      file,
      findings,
      ...(folder === undefined ? {} : { fixed: writeFixed(fix({ name, spec }, config), { folder, name }) }),
    };
  });
  const text =
    flags['format'] === 'json'
      ? JSON.stringify(toJson(reports), null, 2)
      : reports.flatMap(formatReport).map(printableLine).join('\n');
  process.stdout.write(`${text}\n`);
  return reports.some(failed) ? 1 : 0;
};

/** Findings stand under `diagnostics`, as those of `check` do. */
function toJson(reports: readonly Report[]): object {
  return {
    profile: 'gpt-actions',
    diagnostics: reports.flatMap(({ findings }) => findings),
    documents: reports.map(({ findings, ...report }) => ({
      ...report,
      accepted: !findings.some(({ severity }) => severity === 'error'),
    })),
  };
}

function failed({ findings, fixed }: Report): boolean {
  return fixed ? fixed.documents.length === 0 : findings.some(({ severity }) => severity === 'error');
}

function fix({ name, spec }: Pick<InspectedApi, 'name' | 'spec'>, { apis }: BridgeConfig): Fixed {
  const api = apis.length === 1 ? apis[0] : apis.find((each) => each.name === name);
  const baseUrl = api?.baseUrl;
  try {
    return fixForEditor(spec, {
      variables: api?.serverVariables ?? {},
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
  } catch (error) {
    throw describeMissingServer(error, spec.source.name) ?? error;
  }
}

function writeFixed(
  { documents, losses, leftOut }: Fixed,
  { folder, name }: { folder: string; name: string },
): Written {
  const paths = writeDocuments(folder, name, documents);
  return {
    documents: documents.map(({ operations }, index) => ({ path: paths[index]!, operations })),
    losses,
    leftOut,
  };
}

function formatReport({ file, findings, fixed }: Report): string[] {
  return [
    ...findings.flatMap(formatFinding),
    summarizeFindings(file, findings),
    ...(fixed ? formatWritten(fixed) : []),
  ];
}

function formatWritten({ documents, losses, leftOut }: Written): string[] {
  const several =
    documents.length > 1 ? ['One GPT takes one action set for each domain: each of these is for its own.'] : [];
  const written = documents.reduce((sum, { operations }) => sum + operations, 0);
  return [
    ...losses.map(formatDiagnostic),
    ...documents.map(({ path, operations }) => `${path}: written, ${operations} operations; the GPT editor takes it`),
    ...(documents.length === 0 ? ['Nothing is left that ChatGPT could call: no document was written.'] : []),
    ...(leftOut.length > 0 && documents.length > 0
      ? [`Left out, for the reasons above: ${leftOut.length} of ${leftOut.length + written} operations`]
      : []),
    ...several,
  ];
}
