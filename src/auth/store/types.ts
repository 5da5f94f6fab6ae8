import * as z from 'zod/v4';

/** Whose credential for what. Without a principal: the operator's own. */
export interface StoreKey {
  readonly api: string;
  readonly scheme: string;
  readonly principal?: string;
}

const clientSchema = z.object({
  clientId: z.string(),
  clientSecret: z.string().exactOptional(),
  tokenUrl: z.string(),
  authentication: z.enum(['client_secret_basic', 'client_secret_post', 'none']).exactOptional(),
  tokenRequest: z.enum(['form', 'json']),
  parameters: z.record(z.string(), z.string()),
});

const tokensSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().exactOptional(),
  issuedAt: z.number(),
  expiresAt: z.number().exactOptional(),
  scope: z.string().exactOptional(),
});

const common = {
  /** New with each login: what was cached under the old one is not found under the new. */
  id: z.string(),
  savedAt: z.number(),
  /** Where the API was when it was saved: it goes nowhere else. */
  origins: z.array(z.string()),
};

/** What `login` keeps. */
export const storedCredentialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('secret'), ...common, value: z.string() }),
  z.object({ kind: z.literal('tokens'), ...common, tokens: tokensSchema, client: clientSchema }),
]);

export const storeKeySchema = z.object({ api: z.string(), scheme: z.string(), principal: z.string().exactOptional() });

export type StoredCredential = z.infer<typeof storedCredentialSchema>;
export type StoredTokens = Extract<StoredCredential, { kind: 'tokens' }>;
export type StoredClient = z.infer<typeof clientSchema>;

/** An entry as `login --list` shows it: no secret in it. */
export interface StoredEntry {
  readonly key: StoreKey;
  readonly kind: StoredCredential['kind'];
  readonly savedAt: number;
  readonly where: string;
}

/** Where credentials outlive the process. Each entry is written whole or not at all. Every method throws STORE_FAILED. */
export interface CredentialStore {
  /** In words: `the keychain`, or the folder. */
  readonly where: string;
  get(key: StoreKey): Promise<StoredCredential | undefined>;
  /** Where it was put. */
  set(key: StoreKey, credential: StoredCredential): Promise<string>;
  delete(key: StoreKey): Promise<boolean>;
  list(): Promise<readonly StoredEntry[]>;
}
