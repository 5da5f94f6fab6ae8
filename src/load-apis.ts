import type { ActionInfo } from './actions/types.ts';
import type { ApiConfig, BridgeConfig } from './config/types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import { apiNameFrom } from './operation/api-name.ts';
import { buildOperations, type RefusedOperation } from './operation/build.ts';
import { createSchemaConverter, type SchemaReport } from './operation/schema.ts';
import { readSecuritySchemes, type SecurityDeclarations } from './operation/security-schemes.ts';
import { cleanText } from './operation/text.ts';
import type { Operation } from './operation/types.ts';
import { parseSource } from './spec/load.ts';
import { createLocator, writtenPointer } from './spec/locate.ts';
import type { SourceBytes } from './spec/read.ts';
import { own } from './spec/references.ts';
import type { LoadedSpec, SourceFile } from './spec/types.ts';
import { withChatGptHints } from './tool/chatgpt-hints.ts';
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
  /** What a plugin manifest or a GPT says about it. */
  readonly action?: ActionInfo;
}

/** A document, and what a manifest or a GPT says about it. */
export type DescribedSource = SourceBytes & { readonly action?: ActionInfo };

export interface LoadedApis {
  readonly tools: readonly Tool[];
  readonly apis: readonly ServedApi[];
  readonly diagnostics: readonly Diagnostic[];
  /** What each document says about credentials, in the order of the APIs. */
  readonly security: readonly SecurityDeclarations[];
  /** Further files the documents are made of. */
  readonly files: readonly SourceFile[];
}

/** A document that was read, for those who look closer than serving does. */
export interface InspectedApi {
  readonly name: string;
  readonly spec: LoadedSpec;
  readonly operations: readonly Operation[];
  readonly refused: readonly RefusedOperation[];
  readonly source: SourceBytes;
}

export type Inspect = (api: InspectedApi) => void;

/** Every document of the config, parsed and compiled; `sources` in the order of its APIs. Throws BridgeError for the first that cannot be served. */
export async function loadApis(
  config: BridgeConfig,
  sources: readonly DescribedSource[],
  inspect?: Inspect,
): Promise<LoadedApis> {
  const diagnostics: Diagnostic[] = [];
  const served: ServedApi[] = [];
  const compilable: CompilableApi[] = [];
  const files: SourceFile[] = [];
  const security: SecurityDeclarations[] = [];
  for (const [index, api] of config.apis.entries()) {
    const spec = await parseSource(sources[index]!);
    files.push(...spec.files);
    const name = nameApi(api, spec, served);
    const { operations, refused, diagnostics: found } = buildOperations(spec, name);
    inspect?.({ name, spec, operations, refused, source: sources[index]! });
    const declared = readSecuritySchemes(spec);
    if (api.baseUrl === undefined) {
      refuseUserInfo(declared, spec);
      diagnostics.push(...reportMissingServer(operations, spec));
    }
    security.push(declared);
    diagnostics.push(...spec.diagnostics, ...found, ...declared.diagnostics);
    served.push(describeApi(name, spec, { operations: operations.length, action: sources[index]!.action }));
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
    tools: configured.tools.map((tool) => finished(tool, config, configOf(tool))),
    apis: served,
    diagnostics: [...diagnostics, ...compiled.diagnostics, ...configured.diagnostics],
    security,
    files,
  };
}

/** How it is confirmed, and what clients are told besides. */
function finished(tool: Tool, config: BridgeConfig, api: ApiConfig | undefined): Tool {
  const hinted = config.chatgpt ? withChatGptHints(tool) : tool;
  return withConfirmation(hinted, {
    bridge: config.confirm,
    api: api?.confirm,
    tool: configFor(tool, api?.tools ?? {})?.confirm,
  });
}

/** A document that came from no URL, and names no server that is one. */
function reportMissingServer(operations: readonly Operation[], { source }: LoadedSpec): readonly Diagnostic[] {
  const relative = operations.filter(({ servers }) => !/^(?:[a-z][a-z0-9+.-]*:|\{)/i.test(servers[0]?.url ?? '/'));
  if (relative.length === 0) return [];
  const which = relative.length === operations.length ? 'any' : `${relative.length}`;
  const message = `The document does not say on which host the API is, for ${which} of its operations`;
  const hint = 'Name the server with --base-url URL';
  return [{ severity: 'warning', code: 'server-missing', file: source.name, pointer: '/servers', message, hint }];
}

function filterOf(config: BridgeConfig, api: ApiConfig): CompilableApi['filter'] {
  return {
    include: [...config.include, ...api.include],
    exclude: [...config.exclude, ...api.exclude],
    readOnly: config.readOnly,
  };
}

/** A server written as `http://trusted@other/` is meant to be misread. Throws SERVER_INVALID. */
function refuseUserInfo({ servers }: SecurityDeclarations, { source }: LoadedSpec): void {
  const index = servers.findIndex(({ url }) => /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url));
  if (index < 0) return;
  throw new BridgeError('SERVER_INVALID', `${source.name}: /servers/${index}/url holds a user name or password`);
}

const MAX_SCHEMA_FINDINGS = 1_000;

/** Each finding once at each place, however many operations share the schema. */
function reporter(spec: LoadedSpec, diagnostics: Diagnostic[]): SchemaReport {
  const said = new Set<string>();
  const locate = createLocator(spec.document);
  return (code, message, node) => {
    const pointer = writtenPointer(spec.version, locate(node) ?? '');
    const key = `${pointer}\n${message}`;
    if (said.has(key) || said.size >= MAX_SCHEMA_FINDINGS) return;
    said.add(key);
    diagnostics.push({ severity: 'warning', code, file: spec.source.name, pointer, message });
  };
}

function nameApi(api: ApiConfig, spec: LoadedSpec, served: readonly ServedApi[]): string {
  const name = api.name ?? apiNameFrom(titleOf(spec));
  if (served.some((other) => other.name === name)) {
    throw new BridgeError('USAGE', `Two documents would be the API "${name}"`, {
      hint: 'Name them: first=<spec> second=<spec>.',
    });
  }
  return name;
}

function titleOf(spec: LoadedSpec): string {
  const title = own(own(spec.document, 'info'), 'title');
  return typeof title === 'string' && title.trim() !== '' ? cleanText(title) : 'api';
}

interface Served {
  readonly operations: number;
  readonly action: ActionInfo | undefined;
}

function describeApi(name: string, spec: LoadedSpec, { operations, action }: Served): ServedApi {
  const description = own(own(spec.document, 'info'), 'description');
  const written = typeof description === 'string' ? cleanText(description) : '';
  return {
    name,
    title: action?.title ?? titleOf(spec),
    description: written === '' ? (action?.description ?? '') : written,
    version: spec.version,
    operations,
    ...(action ? { action } : {}),
  };
}
