import * as z from 'zod/v4';
import { authSchema } from '../auth/config-schema.ts';
import { LOG_LEVELS } from '../log.ts';
import { chatGptSchema } from './chatgpt.ts';
import { confirmShape } from './confirm.ts';
import { httpSchema } from './http-schema.ts';
import { serverShape } from './mcp-servers-schema.ts';
import { policyShape } from './policy-schema.ts';
import { proxySchema } from './proxy-schema.ts';

const patterns = z.array(z.string()).describe('An operationId or tool-name glob, tag:x, path:/a/*, or method:GET.');

const toolSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/)
    .optional()
    .describe('The name it is offered under.'),
  description: z.string().min(1).optional().describe('In place of the description that the document gives.'),
  hidden: z.boolean().optional().describe('Not offered.'),
  ...confirmShape,
  ...policyShape,
});

const apiSchema = z
  .strictObject({
    spec: z.string().describe('File or URL of the document.'),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("The server to call instead of the document's."),
    socket: z.string().min(1).optional().describe('Path of a unix socket: requests to baseUrl go there.'),
    keepAlive: z
      .boolean()
      .optional()
      .describe('false: each request to baseUrl has a connection of its own, as at servers you have not named.'),
    headers: z
      .record(z.string(), z.string())
      .optional()
      .describe('Headers on every request; values may hold ${NAME} from the environment.'),
    serverVariables: z.record(z.string(), z.string()).optional().describe('Values of server variables.'),
    include: patterns.optional(),
    exclude: patterns.optional(),
    auth: authSchema.optional(),
    gptHeaders: z
      .union([z.boolean(), z.string().regex(/^g-[A-Za-z0-9-]{1,60}$/)])
      .optional()
      .describe('Send the headers of GPT Actions (openai-conversation-id and its kin); a text is the openai-gpt-id.'),
    tools: z.record(z.string(), toolSchema).optional().describe('By tool name or operationId.'),
    ...confirmShape,
    ...policyShape,
  })
  .superRefine(({ baseUrl, socket, keepAlive }, context) => {
    if (baseUrl !== undefined && /^[^/]*\/\/[^/]*@/.test(baseUrl))
      context.addIssue({
        code: 'custom',
        path: ['baseUrl'],
        message: 'Holds a user name or password: give those in auth',
      });
    if (baseUrl !== undefined) return;
    for (const [key, value] of Object.entries({ socket, keepAlive }))
      if (value !== undefined) context.addIssue({ code: 'custom', path: [key], message: 'Needs a baseUrl' });
  });

/** As Claude Desktop and others write it, and what holds for an API besides. */
const mcpServerSchema = z.strictObject({
  ...serverShape,
  include: patterns.optional(),
  exclude: patterns.optional(),
  tools: z.record(z.string(), toolSchema).optional().describe("By the tool's name, the server's or the bridge's."),
  ...confirmShape,
  ...policyShape,
});

export type McpServerInput = z.infer<typeof mcpServerSchema>;

export type ApiInput = z.infer<typeof apiSchema>;

/** The config file. Every option of the command line has its key here. */
export const configSchema = z.strictObject({
  apis: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/), apiSchema)
    .optional()
    .describe('The APIs by name.'),
  mcpServers: z.record(z.string(), mcpServerSchema).optional().describe('MCP servers whose tools are served too.'),
  include: patterns.optional(),
  exclude: patterns.optional(),
  readOnly: z.boolean().optional().describe('Only safe methods.'),
  allowHosts: z.array(z.string()).optional().describe('Non-public addresses the bridge may call, as HOST:PORT.'),
  tools: z.literal('all').optional().describe('One tool an operation.'),
  cacheTools: z.boolean().optional().describe('Keep compiled tools in the user cache folder; default true.'),
  outputSchema: z.boolean().optional().describe('Declare a relaxed output schema for each tool.'),
  missingCredential: z
    .enum(['refuse', 'try'])
    .optional()
    .describe(
      'Without a credential: try what only reads (default; a 401 or 403 then says what is missing), or send nothing.',
    ),
  ca: z.string().min(1).optional().describe("File of certificates to trust beside Node's own, PEM."),
  select: z.boolean().optional().describe('Every tool takes a JMESPath expression over its answer, _select.'),
  watch: z.boolean().optional().describe('Look whether the documents have changed, and serve them anew.'),
  logLevel: z.enum(LOG_LEVELS).optional(),
  audit: z
    .strictObject({
      file: z.string().describe('JSON lines; {pid} stands for the number of the process.'),
      payloads: z.boolean().optional().describe('Arguments and answers whole instead of shape and hash.'),
      unauditedReads: z.boolean().optional().describe('Reads go out also when they cannot be audited.'),
    })
    .optional(),
  http: httpSchema.optional().describe('Serve over HTTP.'),
  proxy: proxySchema.optional().describe('The OpenAI-compatible proxy on the HTTP listener.'),
  redis: z
    .strictObject({
      url: z.string().describe('redis:// or rediss://. May hold ${NAME}.'),
      prefix: z.string().optional().describe('Before every key; default actionbridge:'),
      replicas: z.int().min(1).max(10_000).optional().describe('That share it; default 1.'),
    })
    .optional()
    .describe('State that several replicas share.'),
  chatgpt: chatGptSchema.optional(),
  telemetry: z
    .strictObject({ propagate: z.boolean().optional().describe("Hand a caller's trace on to the APIs.") })
    .optional(),
  ...confirmShape,
  ...policyShape,
});
