import type { Diagnostic } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import type { InputSchema, Tool } from './types.ts';

/** What an operator says about how a tool is offered. */
export interface ToolAppearance {
  readonly name?: string;
  readonly description?: string;
  readonly hidden?: boolean;
}

export interface ToolConfigs {
  /** By tool name or operationId, for the API of the tool. */
  readonly of: (tool: Tool) => { readonly [name: string]: ToolAppearance };
  /** The names that are configured, to tell which of them no tool has. */
  readonly apis: readonly { readonly api: string; readonly names: readonly string[] }[];
  /** Every tool gains the argument `_select`. */
  readonly select: boolean;
}

/** The argument that every tool gains by `--select`. */
export const SELECT_ARGUMENT = '_select';

/** Its schema. */
export const SELECT_SCHEMA = {
  type: 'string',
  maxLength: 1_000,
  description:
    'JMESPath expression over the JSON answer; only what it selects is returned. For example: items[?price < `10`].{id: id, name: name}',
} as const;

/**
 * The tools as the operator wants them: renamed, described otherwise, hidden, with `_select`. A name that no tool has is a
 * diagnostic. Throws CONFIG_INVALID when two tools would have one name.
 */
export function applyToolConfig(
  tools: readonly Tool[],
  configs: ToolConfigs,
): { readonly tools: readonly Tool[]; readonly diagnostics: readonly Diagnostic[] } {
  const configured = tools.flatMap((tool) => {
    const appearance = configFor(tool, configs.of(tool)) ?? {};
    return appearance.hidden === true
      ? []
      : [configs.select ? withSelect(withLooks(tool, appearance)) : withLooks(tool, appearance)];
  });
  refuseClashes(configured);
  return { tools: configured, diagnostics: unknownNames(tools, configs) };
}

/** The entry of a tool: under its name, under its operationId, or the one that has given it its name. */
export function configFor<T extends ToolAppearance>(
  tool: Tool,
  configs: { readonly [name: string]: T },
): T | undefined {
  if (Object.hasOwn(configs, tool.name)) return configs[tool.name];
  if (Object.hasOwn(configs, tool.request.operation)) return configs[tool.request.operation];
  return Object.values(configs).find(({ name }) => name === tool.name);
}

function withLooks(tool: Tool, { name, description }: ToolAppearance): Tool {
  if (name === undefined && description === undefined) return tool;
  return { ...tool, ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
}

/** A tool that declares an argument of that name itself keeps it. */
function withSelect(tool: Tool): Tool {
  if (Object.hasOwn(tool.input.properties, SELECT_ARGUMENT)) return tool;
  const properties: InputSchema['properties'] = { ...tool.input.properties, [SELECT_ARGUMENT]: { ...SELECT_SCHEMA } };
  return { ...tool, input: { ...tool.input, properties } };
}

/** Whether the argument `_select` of a tool is ours, and not one that its API declares. */
export function isOwnSelect(tool: Tool): boolean {
  const schema = Object.hasOwn(tool.input.properties, SELECT_ARGUMENT)
    ? tool.input.properties[SELECT_ARGUMENT]
    : undefined;
  return schema === undefined || schema['description'] === SELECT_SCHEMA.description;
}

function refuseClashes(tools: readonly Tool[]): void {
  const names = new Set<string>();
  for (const { name } of tools) {
    if (names.has(name))
      throw new BridgeError('CONFIG_INVALID', `Two tools would be named "${name}"`, {
        hint: 'Give one of them another name under "tools:" in the config.',
      });
    names.add(name);
  }
}

function unknownNames(tools: readonly Tool[], { apis }: ToolConfigs): Diagnostic[] {
  return apis.flatMap(({ api, names }) => {
    if (names.length === 0) return [];
    const known = new Set(
      tools.filter((tool) => tool.api === api).flatMap((tool) => [tool.name, tool.request.operation]),
    );
    return names
      .filter((name) => !known.has(name))
      .map((name) => ({
        severity: 'warning' as const,
        code: 'tool-unknown',
        file: 'config',
        pointer: `/apis/${api}/tools/${name}`,
        message: `"${api}" offers no tool or operation "${name}": what the config says about it has no effect`,
        hint: 'List the names with "actionbridge tools".',
      }));
  });
}
