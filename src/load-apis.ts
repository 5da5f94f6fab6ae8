import type { ApiConfig, BridgeConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import { buildOperations } from './operation/build.ts';
import { createSchemaConverter } from './operation/schema.ts';
import { readSecuritySchemes, type SecurityDeclarations } from './operation/security-schemes.ts';
import { cleanText } from './operation/text.ts';
import { parseSource } from './spec/load.ts';
import type { SourceBytes } from './spec/read.ts';
import { own } from './spec/references.ts';
import type { LoadedSpec, SourceFile } from './spec/types.ts';
import { applyToolConfig, configFor } from './tool/configure.ts';
import { withConfirmation } from './tool/confirmation.ts';
import { type CompilableApi, compileTools } from './tool/registry.ts';
import type { Tool } from './tool/types.ts';

/** An API as clients see it. */
export interface ServedApi {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly operations: number;
}

export interface LoadedApis {
  readonly tools: readonly Tool[];
  readonly apis: readonly ServedApi[];
  readonly diagnostics: readonly Diagnostic[];
  /** What each document says about credentials, in the order of the APIs. */
  readonly security: readonly SecurityDeclarations[];
  /** Further files the documents are made of. */
  readonly files: readonly SourceFile[];
}

/** Every document of the config, parsed and compiled; `sources` in the order of its APIs. Throws BridgeError for the first that cannot be served. */
export async function loadApis(config: BridgeConfig, sources: readonly SourceBytes[]): Promise<LoadedApis> {
  const diagnostics: Diagnostic[] = [];
  const served: ServedApi[] = [];
  const compilable: CompilableApi[] = [];
  const files: SourceFile[] = [];
  const security: SecurityDeclarations[] = [];
  for (const [index, api] of config.apis.entries()) {
    const spec = await parseSource(sources[index]!);
    files.push(...spec.files);
    const name = nameApi(api, spec, served);
    const { operations, diagnostics: found } = buildOperations(spec, name);
    const declared = readSecuritySchemes(spec);
    security.push(declared);
    diagnostics.push(...spec.diagnostics, ...found, ...declared.diagnostics);
    served.push(describeApi(name, spec, operations.length));
    compilable.push({
      operations,
      converter: createSchemaConverter(spec.references, reporter(spec, diagnostics)),
      ...(config.outputSchema ? { answers: createSchemaConverter(spec.references, () => undefined, 'response') } : {}),
      filter: filterOf(config, api),
    });
  }
  const compiled = compileTools(compilable);
  const configOf = ({ api }: Tool) => config.apis[served.findIndex(({ name }) => name === api)];
  const configured = applyToolConfig(compiled.tools, {
    of: (tool) => configOf(tool)?.tools ?? {},
    apis: config.apis.map(({ tools }, index) => ({ api: served[index]!.name, names: Object.keys(tools) })),
    select: config.select,
  });
  return {
    tools: configured.tools.map((tool) =>
      withConfirmation(tool, {
        bridge: config.confirm,
        api: configOf(tool)?.confirm,
        tool: configFor(tool, configOf(tool)?.tools ?? {})?.confirm,
      }),
    ),
    apis: served,
    diagnostics: [...diagnostics, ...compiled.diagnostics, ...configured.diagnostics],
    security,
    files,
  };
}

function filterOf(config: BridgeConfig, api: ApiConfig): CompilableApi['filter'] {
  return {
    include: [...config.include, ...api.include],
    exclude: [...config.exclude, ...api.exclude],
    readOnly: config.readOnly,
  };
}

/** Each finding once, however many operations share the schema. */
function reporter(spec: LoadedSpec, diagnostics: Diagnostic[]): (code: string, message: string) => void {
  const said = new Set<string>();
  return (code, message) => {
    if (said.has(message)) return;
    said.add(message);
    diagnostics.push({ severity: 'warning', code, file: spec.source.name, pointer: '', message });
  };
}

function nameApi(api: ApiConfig, spec: LoadedSpec, served: readonly ServedApi[]): string {
  const name = api.name ?? slug(titleOf(spec));
  if (served.some((other) => other.name === name)) {
    throw new BridgeError('USAGE', `Two documents would be the API "${name}"`, {
      hint: 'Name them: first=<spec> second=<spec>.',
    });
  }
  return name;
}

function slug(title: string): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 32)
    .replace(/_+$/, '');
  return words === '' ? 'api' : words;
}

function titleOf(spec: LoadedSpec): string {
  const title = own(own(spec.document, 'info'), 'title');
  return typeof title === 'string' && title.trim() !== '' ? cleanText(title) : 'api';
}

function describeApi(name: string, spec: LoadedSpec, operations: number): ServedApi {
  const description = own(own(spec.document, 'info'), 'description');
  return {
    name,
    title: titleOf(spec),
    description: typeof description === 'string' ? cleanText(description) : '',
    version: spec.version,
    operations,
  };
}
