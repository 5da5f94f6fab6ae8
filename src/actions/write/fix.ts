import { resolveServer, type ServerChoice } from '../../call/server.ts';
import type { Diagnostic } from '../../diagnostic.ts';
import { BridgeError } from '../../errors.ts';
import { buildOperations } from '../../operation/build.ts';
import { createSchemaConverter } from '../../operation/schema.ts';
import type { Operation } from '../../operation/types.ts';
import { own } from '../../spec/references.ts';
import type { LoadedSpec } from '../../spec/types.ts';
import { nameOperations } from '../../tool/names.ts';
import { writeOperation } from './fixed-operation.ts';
import { createHoister, type Schemas } from './hoist.ts';
import { splitByTag } from './split.ts';

/** One document that the editor takes. */
export interface FixedDocument {
  /** Tells the documents of one API apart; '' when there is only one. */
  readonly name: string;
  readonly document: object;
  readonly operations: number;
}

export interface Fixed {
  readonly documents: readonly FixedDocument[];
  /** What could not be kept: warnings, and notes about what ChatGPT does not send anyway. */
  readonly losses: readonly Diagnostic[];
  /** Pointers of the operations that ChatGPT cannot call at all; `losses` says why. */
  readonly leftOut: readonly string[];
}

interface Item {
  readonly operation: Operation;
  readonly id: string;
  readonly tags: readonly string[];
}

/**
 * The document written anew so that the GPT editor takes it: references in parameters and path items written out, texts cut at
 * sentence ends, bodies merged into objects, circles opened, one https server, one security scheme, at most 30 operations a
 * document. Throws SERVER_MISSING when no server is known.
 */
export function fixForEditor(spec: LoadedSpec, choice: ServerChoice): Fixed {
  const { operations, diagnostics } = buildOperations(spec, 'api');
  const refused = diagnostics.filter(({ severity }) => severity === 'error');
  const losses: Diagnostic[] = refused.map((diagnostic) => ({ ...diagnostic, severity: 'warning' }));
  const leftOut = refused.map(({ pointer }) => pointer);
  const names = nameOperations(operations);
  const items = operations.map((operation, index) => ({ operation, id: names[index]!, tags: tagsOf(operation) }));
  const scheme = chooseScheme(spec, operations);
  const documents: FixedDocument[] = [];
  const servers = groupByServer(
    items.filter(({ operation }) => isCallable(operation, { losses, leftOut })),
    { spec, choice, losses },
  );
  for (const [server, group] of servers)
    for (const set of splitByTag(group)) {
      const name = [servers.size > 1 ? new URL(server).hostname : '', set.name].filter(Boolean).join('-');
      documents.push(writeDocument(spec, set.items, { name, server, scheme, losses, leftOut }));
    }
  return { documents: documents.filter((each) => each.operations > 0), losses, leftOut };
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

interface Lost {
  readonly losses: Diagnostic[];
  readonly leftOut: string[];
}

function isCallable({ method, path, source }: Operation, { losses, leftOut }: Lost): boolean {
  if (METHODS.has(method)) return true;
  const message = `${method} ${path}: left out: ChatGPT does not send ${method}`;
  losses.push({ severity: 'warning', code: 'fix-method', ...source, message });
  leftOut.push(source.pointer);
  return false;
}

/** Without a tag, what stands first in the path. */
function tagsOf({ tags, path }: Operation): readonly string[] {
  const segment = path.split('/').find((part) => part !== '' && !part.startsWith('{'));
  return tags.length > 0 ? tags : [segment ?? 'other'];
}

interface ServerSettings {
  readonly spec: LoadedSpec;
  readonly choice: ServerChoice;
  readonly losses: Diagnostic[];
}

function groupByServer(items: readonly Item[], settings: ServerSettings): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const url = serverOf(item.operation, settings);
    const group = groups.get(url);
    if (group) group.push(item);
    else groups.set(url, [item]);
  }
  return groups;
}

/** The server of the operation as ChatGPT calls it: absolute, and https. */
function serverOf({ servers, source }: Operation, { choice, losses }: ServerSettings): string {
  const url = resolveServer(servers, choice);
  if (/^https:/i.test(url)) return url;
  const secure = url.replace(/^http:/i, 'https:');
  const message = `ChatGPT calls https only: ${url} becomes ${secure}`;
  if (!losses.some((loss) => loss.message === message))
    losses.push({
      severity: 'warning',
      code: 'fix-https',
      file: source.file,
      pointer: '/servers',
      message,
      hint: 'Check that the API answers there, or give another server with --base-url',
    });
  return secure;
}

interface DocumentSettings extends Lost {
  readonly name: string;
  readonly server: string;
  readonly scheme: string | undefined;
}

function writeDocument(spec: LoadedSpec, items: readonly Item[], settings: DocumentSettings): FixedDocument {
  const { name, server, scheme, losses, leftOut } = settings;
  const schemas: Schemas = {};
  const silent = () => undefined;
  const writer = {
    request: createSchemaConverter(spec.references, silent),
    answer: createSchemaConverter(spec.references, silent, 'response'),
    hoist: createHoister(schemas),
    scheme,
  };
  const paths: { [path: string]: { [method: string]: object } } = {};
  let operations = 0;
  for (const { operation, id } of items) {
    const written = writeOperation(operation, id, writer);
    losses.push(...written.losses);
    if (!written.operation) {
      leftOut.push(operation.source.pointer);
      continue;
    }
    operations++;
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: written.operation };
  }
  const declared = scheme === undefined ? undefined : schemeNode(spec, scheme);
  return {
    name,
    operations,
    document: {
      openapi: '3.1.0',
      info: infoOf(spec, name),
      servers: [{ url: server }],
      paths,
      components: { schemas, ...(scheme === undefined ? {} : { securitySchemes: { [scheme]: declared } }) },
    },
  };
}

function infoOf({ document }: LoadedSpec, name: string): object {
  const info = own(document, 'info');
  const title = text(own(info, 'title')) ?? 'API';
  const description = text(own(info, 'description'));
  return {
    title: name === '' ? title : `${title} (${name})`,
    ...(description === undefined ? {} : { description }),
    version: text(own(info, 'version')) ?? '1.0.0',
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The declared scheme that most operations name; else the first one that is declared. */
function chooseScheme(spec: LoadedSpec, operations: readonly Operation[]): string | undefined {
  const declared = Object.keys((own(own(spec.document, 'components'), 'securitySchemes') as object | undefined) ?? {});
  const uses = (name: string) =>
    operations.filter(({ security }) => security.flat().some(({ scheme }) => scheme === name)).length;
  return declared
    .map((name) => ({ name, uses: uses(name) }))
    .reduce<{ name: string; uses: number } | undefined>(
      (best, each) => (best === undefined || each.uses > best.uses ? each : best),
      undefined,
    )?.name;
}

function schemeNode({ document, references }: LoadedSpec, name: string): unknown {
  const node = own(own(own(document, 'components'), 'securitySchemes'), name);
  const ref = own(node, '$ref');
  return typeof ref === 'string' ? references.resolve(ref)?.node : node;
}

/** Whether a server is known at all, said the way the command line mends it. */
export function describeMissingServer(error: unknown, name: string): BridgeError | undefined {
  if (!(error instanceof BridgeError) || error.code !== 'SERVER_MISSING') return undefined;
  return new BridgeError(
    'SERVER_MISSING',
    `${name}: ChatGPT needs to know the API's server, and the document does not say it`,
    {
      hint: 'Give it with --base-url https://…',
      cause: error,
    },
  );
}
