import * as z from 'zod/v4';

const TYPES = ['stdio', 'http', 'streamable-http', 'streamableHttp', 'sse'] as const;

/** How a server is reached, in the shape of Claude Desktop's, Cursor's and VS Code's files. */
export const serverShape = {
  command: z.string().min(1).optional().describe('The program that is the server.'),
  args: z.array(z.string()).optional(),
  env: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('Its environment, beside PATH and HOME; values may hold ${NAME} from that of the bridge.'),
  cwd: z.string().optional().describe('The folder it runs in; default that of the bridge.'),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Of a server that is reached over HTTP.'),
  headers: z.record(z.string(), z.string()).optional().describe('On every request; values may hold ${NAME}.'),
  type: z
    .enum(TYPES)
    .optional()
    .describe('Default: stdio with a command, http with a url; sse: the transport of 2024.'),
  disabled: z.boolean().optional().describe('Not started.'),
} as const;

/** An entry of another program's file: what we do not know is told, and left alone. */
export const foreignServerSchema = z.looseObject(serverShape);
