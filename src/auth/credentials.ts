import { BridgeError } from '../errors.ts';
import type { Tool } from '../tool/types.ts';
import type { Auth } from './auth.ts';
import { describeWanted, formatWanted, type WantedCredential } from './wanted.ts';

/** A wanted credential, and whether it is there. */
export interface CredentialStatus extends WantedCredential {
  readonly there: boolean;
}

/** What the tools of an API ask for and whether it is there, for `check`; nothing is fetched and no value is read out. */
export async function describeCredentials(
  auth: Auth,
  apiName: string,
  tools: readonly Tool[],
): Promise<CredentialStatus[]> {
  const wanted = describeWanted(auth.apiOf(apiName), tools);
  return Promise.all(
    wanted.map(async (each) => ({ ...each, there: await isThere(auth, apiName, [each.scheme, each.scopes]) })),
  );
}

async function isThere(auth: Auth, api: string, [scheme, scopes]: [string, readonly string[]]): Promise<boolean> {
  try {
    await auth.select({ api, security: [[{ scheme, scopes }]] });
    return true;
  } catch (error) {
    if (error instanceof BridgeError) return false;
    throw error;
  }
}

/** One line for people. */
export function formatStatus(status: CredentialStatus): string {
  if (!status.there) return formatWanted(status);
  const { api, scheme, what, tools } = status;
  return `${api}: ${scheme}: ${what} (${tools} ${tools === 1 ? 'tool' : 'tools'}): there`;
}
