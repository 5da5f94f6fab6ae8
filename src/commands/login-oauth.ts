import { startBrowserLogin, startDeviceLogin } from '../auth/oauth/browser-login.ts';
import { UntrustedEndpoint } from '../auth/oauth/server.ts';
import type { OAuthTarget } from '../auth/oauth/sessions.ts';
import type { OAuthClient } from '../auth/oauth/token-request.ts';
import type { OAuthConfig } from '../auth/types.ts';
import { BridgeError } from '../errors.ts';
import { registerSecret } from '../secrets.ts';
import type { LoginSession } from './login.ts';

export interface OAuthLogin {
  readonly grant: 'authorization_code' | 'device_code';
  readonly scopes: readonly string[];
}

/** A login by OAuth: asks for what config and variables leave open, sends the person to the browser, keeps the tokens. */
export async function loginWithOAuth(session: LoginSession, given: OAuthTarget, login: OAuthLogin): Promise<void> {
  const { auth, api, terminal, principal } = session;
  const target = { ...given, config: { ...(await withClient(session, given)), grant: login.grant } };
  const client = await agreedClient(session, target);
  const key = { api: api.name, scheme: target.scheme, ...(principal === undefined ? {} : { principal }) };
  const request = { target, client, key, scopes: login.scopes };
  const started =
    login.grant === 'device_code' ? await startDeviceLogin(auth, request) : await startBrowserLogin(auth, request);
  if (started.userCode !== undefined) terminal.say(`The code is ${started.userCode}`);
  const opened = await session.openBrowser(started.url);
  terminal.say(
    `${opened ? 'Sign in in the browser. If it did not open, go to' : 'To sign in, go to'}:\n  ${started.url}`,
  );
  const { tokens, where } = await started.finished;
  const lasting = tokens.refreshToken === undefined ? 'without a refresh token' : 'refreshed by itself';
  const until = tokens.expiresAt === undefined ? '' : `, until ${new Date(tokens.expiresAt).toISOString()}`;
  terminal.say(
    `Stored: ${target.scheme} of "${api.name}" (access token${until}, ${lasting}), for ${api.origins.join(', ')}, in ${where}`,
  );
}

async function withClient({ terminal }: LoginSession, { config }: OAuthTarget): Promise<OAuthConfig> {
  if (config.clientId !== undefined) return config;
  const clientId = await terminal.ask('Client id: ');
  if (clientId === '') throw new BridgeError('USAGE', 'Without a client id there is no login; nothing is stored');
  const clientSecret = (await terminal.askSecret('Client secret (empty when there is none): ')).trim();
  if (clientSecret === '') return { ...config, clientId };
  registerSecret(clientSecret);
  return { ...config, clientId, clientSecret };
}

/** Asks the person to stand behind each origin that only the document names. Without a person, the error says what to do. */
async function agreedClient({ auth, terminal }: LoginSession, target: OAuthTarget): Promise<OAuthClient> {
  const agreed: string[] = [];
  for (;;) {
    try {
      return await (await auth.sessions()).client(target, agreed);
    } catch (error) {
      if (!(error instanceof UntrustedEndpoint) || !terminal.interactive || agreed.includes(error.origin)) throw error;
      terminal.say(`${error.message}.`);
      const answer = await terminal.ask(`Send the sign-in to ${error.origin}? [y/N] `);
      if (!/^y(es)?$/i.test(answer)) throw error;
      agreed.push(error.origin);
    }
  }
}
