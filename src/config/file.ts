import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod/v4';
import { BridgeError } from '../errors.ts';
import { type BridgeConfig, DEFAULT_TIMEOUT_MS } from './types.ts';

const DEFAULT_FILES = ['actionbridge.yaml', 'actionbridge.yml', 'actionbridge.json'];

const patterns = z.array(z.string()).describe('An operationId or tool-name glob, tag:x, path:/a/*, or method:GET.');

const apiSchema = z.strictObject({
  spec: z.string().describe('File or URL of the document.'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("The server to call instead of the document's."),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Headers on every request; values may hold ${NAME} from the environment.'),
  serverVariables: z.record(z.string(), z.string()).optional().describe('Values of server variables.'),
  include: patterns.optional(),
  exclude: patterns.optional(),
});

/** The config file. Every option of the command line has its key here. */
export const configSchema = z.strictObject({
  apis: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/), apiSchema)
    .optional()
    .describe('The APIs by name.'),
  include: patterns.optional(),
  exclude: patterns.optional(),
  readOnly: z.boolean().optional().describe('Only safe methods.'),
  allowHosts: z.array(z.string()).optional().describe('Non-public addresses the bridge may call, as HOST:PORT.'),
  timeout: z.number().positive().max(3600).optional().describe('Seconds for a whole call; default 45.'),
  tools: z.literal('all').optional().describe('One tool an operation.'),
  rateLimit: z.literal(0).optional().describe('0: no limit.'),
  cacheTools: z.boolean().optional().describe('Keep compiled tools in the user cache folder; default true.'),
  outputSchema: z.boolean().optional().describe('Declare a relaxed output schema for each tool.'),
});

/** The config of `path`, or of the first default file in the working directory, or nothing. Throws CONFIG_INVALID naming file and key. */
export async function readConfigFile(
  path: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<BridgeConfig | undefined> {
  const file = path ?? DEFAULT_FILES.find((name) => existsSync(name));
  if (file === undefined) return undefined;
  if (!existsSync(file))
    throw new BridgeError('CONFIG_INVALID', `${file}: no such file`, { hint: 'Check the path given with --config.' });
  const parsed = configSchema.safeParse(await parse(file));
  if (!parsed.success)
    throw new BridgeError(
      'CONFIG_INVALID',
      parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.') || 'the file'}: ${issue.message}`).join('\n'),
    );
  return toConfig(parsed.data, file, environment);
}

async function parse(file: string): Promise<unknown> {
  const text = readFileSync(file, 'utf8');
  try {
    if (file.endsWith('.json')) return JSON.parse(text);
    const { load } = await import('js-yaml');
    return load(text) ?? {};
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `${file}: ${(error as Error).message.split('\n')[0]}`, {
      cause: error,
      hint: 'Correct the file at the place named above.',
    });
  }
}

function toConfig(data: z.infer<typeof configSchema>, file: string, environment: NodeJS.ProcessEnv): BridgeConfig {
  return {
    apis: Object.entries(data.apis ?? {}).map(([name, api]) => ({
      name,
      spec: api.spec,
      ...(api.baseUrl === undefined ? {} : { baseUrl: api.baseUrl }),
      headers: Object.entries(api.headers ?? {}).map(
        ([header, value]) => [header, expand(value, `${file}: apis.${name}.headers.${header}`, environment)] as const,
      ),
      serverVariables: api.serverVariables ?? {},
      include: api.include ?? [],
      exclude: api.exclude ?? [],
    })),
    include: data.include ?? [],
    exclude: data.exclude ?? [],
    readOnly: data.readOnly ?? false,
    allowHosts: data.allowHosts ?? [],
    timeoutMs: data.timeout === undefined ? DEFAULT_TIMEOUT_MS : data.timeout * 1000,
    outputSchema: data.outputSchema ?? false,
    cacheTools: data.cacheTools ?? true,
  };
}

/** `${NAME}` of a secret field. Throws CONFIG_INVALID when the variable is not set; never shows a value. */
function expand(value: string, place: string, environment: NodeJS.ProcessEnv): string {
  return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const found = environment[name];
    if (found === undefined)
      throw new BridgeError('CONFIG_INVALID', `${place}: \${${name}} is not set in the environment`, {
        hint: `Set ${name}.`,
      });
    return found;
  });
}
