import type { ToolSchemas } from '../config/proxy-types.ts';
import { type DialectName as ExportName, exportTool } from '../tool/export/index.ts';
import type { Tool } from '../tool/types.ts';
import { type Json, listOf, recordOf } from './lenient.ts';
import type { ToolFunctions } from './offer.ts';
import type { DialectName } from './types.ts';

/** Makers whose compatible endpoints pass schemas on to models that take less than JSON Schema. */
const BY_HOST: readonly (readonly [host: RegExp, maker: 'gemini' | 'anthropic'])[] = [
  [/(?:^|\.)googleapis\.com$/, 'gemini'],
  [/(?:^|\.)anthropic\.com$/, 'anthropic'],
];

/** OpenAI enforces strict schemas, wherever it is hosted. */
const OPENAI = /(?:^|\.)(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/;

/**
 * Tools as functions for the model provider at `baseUrl`: strict for OpenAI where no call is lost by it, in the schema dialect of makers
 * that have one, else the tool's own schema (`setting` says otherwise). Arguments are taken back to the tool's own schema before the call.
 */
export function functionsFor(baseUrl: string, setting: ToolSchemas): ToolFunctions {
  if (setting !== 'auto') return SETTINGS[setting];
  const { hostname } = new URL(baseUrl.replaceAll('{model}', 'model'));
  const maker = BY_HOST.find(([host]) => host.test(hostname))?.[1];
  if (maker) return SETTINGS[maker];
  return OPENAI.test(hostname) ? SETTINGS.openai : SETTINGS.plain;
}

const OWN_SCHEMA: ToolFunctions = {
  functionOf: ({ description, input }) => ({ description, parameters: input as unknown as Json, strict: false }),
  argumentsFrom: (_tool, _dialect, args) => args,
};

const SETTINGS: { readonly [setting in Exclude<ToolSchemas, 'auto'>]: ToolFunctions } = {
  plain: OWN_SCHEMA,
  openai: exported((dialect) => (dialect === 'chat' ? 'openai' : 'responses')),
  gemini: exported(() => 'gemini', withLowerTypes),
  anthropic: exported(() => 'anthropic'),
};

function exported(nameOf: (dialect: DialectName) => ExportName, write = (schema: Json) => schema): ToolFunctions {
  const inDialect = (tool: Tool, dialect: DialectName) => exportTool(nameOf(dialect), withoutConfirmation(tool));
  return {
    functionOf(tool, dialect) {
      const { description, parameters, strict } = inDialect(tool, dialect);
      return { description, parameters: write((parameters ?? NO_ARGUMENTS) as Json), strict };
    },
    argumentsFrom: (tool, dialect, args) => inDialect(tool, dialect).argumentsFrom(args),
  };
}

/** Gemini's own API writes OBJECT where its compatible endpoint, as everyone there, writes object. */
function withLowerTypes(schema: Json): Json {
  const written: { [name: string]: unknown } = { ...schema };
  if (typeof schema['type'] === 'string') written['type'] = schema['type'].toLowerCase();
  if (schema['items']) written['items'] = withLowerTypes(recordOf(schema['items']));
  if (schema['anyOf']) written['anyOf'] = listOf(schema['anyOf']).map((each) => withLowerTypes(recordOf(each)));
  if (schema['properties']) {
    const members = Object.entries(recordOf(schema['properties']));
    written['properties'] = Object.fromEntries(members.map(([name, each]) => [name, withLowerTypes(recordOf(each))]));
  }
  return written;
}

const NO_ARGUMENTS: Json = { type: 'object', properties: {} };

const bare = new WeakMap<Tool, Tool>();

/** Here the client is asked, not the model: it is not shown the argument for the token of a second step. */
function withoutConfirmation(tool: Tool): Tool {
  if (!tool.confirmation) return tool;
  const { confirmation: _, ...rest } = tool;
  const known = bare.get(tool) ?? rest;
  bare.set(tool, known);
  return known;
}
