/** As much of oidc-provider as the tests use; it has no types of its own. */
declare module 'oidc-provider' {
  interface Token {
    readonly clientId: string;
    readonly accountId?: string;
    readonly scope?: string;
    readonly grantId?: string;
  }
  interface Tokens {
    find(token: string): Promise<Token | undefined>;
    revokeByGrantId(id: string): Promise<void>;
  }
  export default class Provider {
    constructor(issuer: string, configuration: object);
    readonly AccessToken: Tokens;
    readonly RefreshToken: Tokens;
    readonly ClientCredentials: Tokens;
    use(
      middleware: (context: { path: string; oidc?: { body?: object } }, next: () => Promise<void>) => Promise<void>,
    ): void;
    callback(): (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void;
  }
}
