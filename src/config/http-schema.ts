import * as z from 'zod/v4';

/** What a caller may do. */
const callerShape = {
  tools: z.array(z.string()).min(1).optional().describe('Globs over tool names; default: every tool.'),
  readOnly: z.boolean().optional().describe('Only tools that change nothing.'),
  rate: z
    .strictObject({ calls: z.int().min(1).max(1_000_000), seconds: z.number().positive().max(86_400) })
    .optional()
    .describe('Calls in any stretch of so many seconds, over all APIs.'),
} as const;

const url = z.url({ protocol: /^https?$/ });

/** The keys of `http:`. */
export const httpSchema = z.strictObject({
  host: z.string().min(1).optional().describe('Default 127.0.0.1.'),
  port: z.int().min(0).max(65_535).optional().describe('Serve over HTTP on this port instead of stdio; 0: a free one.'),
  auth: z.enum(['token', 'none']).optional().describe('none: no token is asked for; on loopback only.'),
  tokens: z
    .array(
      z.strictObject({
        token: z.string().min(1).describe('At least 16 characters. May hold ${NAME} from the environment.'),
        principal: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/)
          .optional()
          .describe('Whose it is: selects credentials and limits, and stands in the audit log. Default: the operator.'),
        ...callerShape,
      }),
    )
    .optional()
    .describe('Bearer tokens.'),
  oauth: z
    .strictObject({
      issuer: url.describe("The authorization server's issuer URL, exactly as its tokens have it."),
      audience: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .optional()
        .describe('What tokens must have in "aud"; default: publicUrl with /mcp.'),
      scopes: z.array(z.string().min(1)).optional().describe('Every token must have all of them.'),
      jwksUri: url.optional().describe("Default: from the issuer's metadata."),
      ...callerShape,
    })
    .optional()
    .describe('Take access tokens of this authorization server (JWT) as well.'),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional().describe('PEM files.'),
  publicUrl: url.optional().describe('How clients reach the listener.'),
  trustedProxies: z
    .array(z.string())
    .optional()
    .describe('Addresses or CIDR ranges whose X-Forwarded-Proto and -Host are believed; default: none.'),
  allowedHosts: z
    .array(z.string())
    .optional()
    .describe('More names for the Host header: name, name:port, *.example.com.'),
  allowedOrigins: z
    .array(z.string())
    .optional()
    .describe("Web origins besides the listener's own: https://chat.example.com"),
  maxSockets: z.int().min(1).max(100_000).optional().describe('Connections at a time; default 1,000.'),
});

export type HttpKeys = z.infer<typeof httpSchema>;
