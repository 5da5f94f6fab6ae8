import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuthOptions } from '../../src/auth/auth.ts';
import type { AuthInput } from '../../src/auth/config-schema.ts';
import { describeCredentials, formatStatus } from '../../src/auth/credentials.ts';
import { readEnvFiles } from '../../src/auth/env-file.ts';
import { createFileStore } from '../../src/auth/store/file-store.ts';
import { openCredentialStore } from '../../src/auth/store/open-store.ts';
import { describeAuth } from '../../src/call/middleware/authorize.ts';
import type { SecurityScheme } from '../../src/operation/security-schemes.ts';
import { createMasker } from '../../src/secrets.ts';
import { api, authFor, exchangeFor, ORIGIN, security, toolFor } from './setup.ts';

const SCHEMES: { [name: string]: SecurityScheme } = {
  s: { kind: 'bearer' },
  b: { kind: 'basic' },
  q: { kind: 'apiKey', in: 'query', name: 'k' },
};
const folder = mkdtempSync(join(tmpdir(), 'actionbridge-canary-'));

interface Source {
  readonly what: string;
  readonly scheme?: string;
  readonly auth?: (canary: string) => AuthInput;
  readonly environment?: (canary: string) => { [name: string]: string };
  readonly over?: (canary: string) => Promise<Partial<AuthOptions>>;
}

const SOURCES: readonly Source[] = [
  { what: 'the config', auth: (canary) => ({ s: { token: canary } }) },
  {
    what: 'a variable named in the config',
    auth: () => ({ s: { token: '${CANARY}' } }),
    environment: (canary) => ({ CANARY: canary }),
  },
  { what: 'a documented variable', environment: (canary) => ({ PETS_S: canary }) },
  {
    what: 'two documented variables',
    scheme: 'b',
    environment: (canary) => ({ PETS_B_USERNAME: 'u', PETS_B_PASSWORD: canary }),
  },
  { what: 'user:password in a variable', scheme: 'b', environment: (canary) => ({ PETS_B: `u:${canary}` }) },
  { what: 'a query key', scheme: 'q', auth: (canary) => ({ q: { apiKey: canary } }) },
  {
    what: 'a GPT record',
    auth: (canary) => ({ s: { type: 'service_http', authorization_type: 'bearer', api_key: canary } }),
  },
  { what: 'extra headers', auth: (canary) => ({ s: { headers: { 'X-S': canary } } }) },
  {
    what: 'a command',
    auth: () => ({ s: { command: ['x'] } }),
    over: async (canary) => ({ runCommand: async () => canary }),
  },
  {
    what: 'an env file',
    over: async (canary) => {
      const path = join(folder, '.env');
      writeFileSync(path, `PETS_S=${canary}\n`);
      return { environment: readEnvFiles([path], {}) };
    },
  },
  {
    what: 'the file store',
    over: async (canary) => {
      const environment = { ACTIONBRIDGE_HOME: folder };
      await createFileStore({ folder: join(folder, 'credentials') }).set(
        { api: 'pets', scheme: 's' },
        { kind: 'secret', id: '1', savedAt: 0, origins: [ORIGIN], value: canary },
      );
      return { environment, openStore: () => openCredentialStore({ environment, loadKeyring: async () => undefined }) };
    },
  },
];

describe('a canary', () => {
  it.each(SOURCES.map((source, index) => ({ ...source, canary: `canary-${index}/ä "${'x'.repeat(index)}"+` })))(
    'from $what is sent, masked from then on, and shown nowhere',
    async ({ canary: written, scheme = 's', auth, environment, over }) => {
      const canary = scheme === 's' ? written.replace('ä', 'a') : written;
      const variables = environment?.(canary) ?? {};
      const served = api({ schemes: SCHEMES, ...(auth ? { auth: auth(canary) } : {}), environment: variables });
      const options = await over?.(canary);
      const authority = authFor(served, { ...(environment ? { environment: variables } : {}), ...options });
      const tool = toolFor(security(scheme));
      const shown = JSON.stringify([
        await describeAuth(authority, tool, exchangeFor(tool).plan),
        (await describeCredentials(authority, 'pets', [tool])).map(formatStatus),
        (await authority.select({ api: 'pets', security: security(scheme) })).key,
      ]);
      expect(shown).not.toContain(JSON.stringify(canary).slice(1, -1));
      expect(shown).toContain('there');
      const selection = await authority.select({ api: 'pets', security: security(scheme) });
      const sent = (await selection.attachments())[0]!.value;
      expect(scheme === 'b' ? Buffer.from(sent.replace('Basic ', ''), 'base64').toString() : sent).toContain(canary);
      const echoes = [
        canary,
        JSON.stringify({ canary }),
        encodeURIComponent(canary),
        Buffer.from(`u:${canary}`).toString('base64'),
        sent,
      ];
      const masked = createMasker().mask(echoes.join('\n'));
      for (const echo of [canary, encodeURIComponent(canary), canary.slice(0, 12)]) expect(masked).not.toContain(echo);
      expect(masked).not.toContain(Buffer.from(canary).toString('base64').slice(0, 10));
    },
  );

  it('leaves its folder behind', () => rmSync(folder, { recursive: true, force: true }));
});
