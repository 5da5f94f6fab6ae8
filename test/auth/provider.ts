import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export interface AuthorizationServer {
  readonly origin: string;
  /** Requests to the token endpoint: what was posted. */
  readonly requests: URLSearchParams[];
  /** Whose an access token is, while it is valid. */
  check(token: string): Promise<{ clientId: string; subject: string | undefined; scope: string } | undefined>;
  revokeAll(): Promise<void>;
  close(): Promise<void>;
}

export const SECRETS = {
  person: 'person-client-secret-b1946ac9',
  service: 'service-client-secret-2ef7bde6:+/%',
  device: 'device-client-secret-08f8e0260c',
};

const ARTIFACTS = [
  'AccessToken',
  'ClientCredentials',
  'DeviceCode',
  'Grant',
  'IdToken',
  'Interaction',
  'RefreshToken',
  'Session',
];

/** A real OAuth and OpenID Connect server on this machine, with its own pages for signing in and consenting. */
export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = quietly(
    () =>
      new Provider(origin, {
        clients: [
          {
            client_id: 'person',
            client_secret: SECRETS.person,
            application_type: 'native',
            redirect_uris: ['http://127.0.0.1/callback'],
            grant_types: ['authorization_code', 'refresh_token'],
          },
          {
            client_id: 'service-client',
            client_secret: SECRETS.service,
            redirect_uris: [],
            response_types: [],
            grant_types: ['client_credentials'],
          },
          {
            client_id: 'posting',
            client_secret: SECRETS.service,
            token_endpoint_auth_method: 'client_secret_post',
            redirect_uris: [],
            response_types: [],
            grant_types: ['client_credentials'],
          },
          {
            client_id: 'device',
            client_secret: SECRETS.device,
            redirect_uris: [],
            response_types: [],
            grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
          },
        ],
        scopes: ['openid', 'offline_access', 'read', 'write'],
        features: {
          clientCredentials: { enabled: true },
          deviceFlow: {
            enabled: true,
            userCodeConfirmSource: (context: { body: string }, form: string) => {
              context.body = form;
            },
            successSource: (context: { body: string }) => {
              context.body = 'Signed in';
            },
          },
          introspection: { enabled: true },
          devInteractions: { enabled: true },
        },
        pkce: { required: () => true },
        issueRefreshToken: () => true,
        rotateRefreshToken: true,
        cookies: { keys: ['test'] },
        ttl: Object.fromEntries(ARTIFACTS.map((artifact) => [artifact, 600])),
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
      }),
  );
  const requests: URLSearchParams[] = [];
  provider.use(async (context, next) => {
    await next();
    if (context.path === '/token') requests.push(new URLSearchParams(context.oidc?.body as Record<string, string>));
  });
  server.on('request', provider.callback());
  const grants = new Set<string>();
  return {
    origin,
    requests,
    async check(token) {
      const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
      if (!found) return undefined;
      if (found.grantId) grants.add(found.grantId);
      return { clientId: found.clientId, subject: found.accountId, scope: found.scope ?? '' };
    },
    async revokeAll() {
      for (const id of grants) {
        await provider.RefreshToken.revokeByGrantId(id);
        await provider.AccessToken.revokeByGrantId(id);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** It warns about its defaults, at length. */
function quietly<T>(make: () => T): T {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return make();
  } finally {
    Object.assign(console, { warn, info });
  }
}
