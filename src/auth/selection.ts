import { createHash } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import type { AuthApi } from './api.ts';
import type { Attachment } from './attach.ts';
import type { Candidate } from './candidate.ts';
import type { CertificateFiles } from './types.ts';

/** The credentials that go with a call. */
export interface Selection {
  /** 16 hex of a hash over what is sent and for whom; undefined when nothing is. */
  readonly key: string | undefined;
  /** It was given for good, or nothing is asked for: it stays the same as long as config and environment do. */
  readonly lasting: boolean;
  /** Refuses an origin that one of them was not given for. Throws CREDENTIAL_REFUSED. */
  checkOrigin(origin: string): void;
  /** May run a command or ask a token endpoint; throws BridgeError. */
  attachments(): readonly Attachment[] | Promise<readonly Attachment[]>;
  /** After a 401: whether sending again may bring something else. Throws CREDENTIAL_REFUSED when a new login is needed. */
  renew(): Promise<boolean>;
  readonly certificate: CertificateFiles | undefined;
  /** The same with every value masked; fetches nothing. */
  readonly shown: readonly Attachment[];
}

/** The credentials of one alternative, together. */
export function createSelection(
  api: AuthApi,
  candidates: readonly Candidate[],
  principal: string | undefined,
): Selection {
  const lasting = candidates.every(({ renew }) => renew === undefined);
  let settled: readonly Attachment[] | undefined = candidates.length === 0 ? [] : undefined;
  const fetchAll = async () => {
    const all = (await Promise.all(candidates.map((candidate) => candidate.attachments()))).flat();
    if (lasting) settled = all;
    return all;
  };
  return {
    key: keyOf(api, candidates, principal),
    lasting,
    certificate: candidates.find(({ certificate }) => certificate)?.certificate,
    shown: candidates.flatMap(({ shown }) => shown),
    checkOrigin(origin) {
      for (const { scheme, origins, shown, certificate } of candidates) {
        const allowed = origins ?? api.origins;
        if ((shown.length === 0 && !certificate) || allowed.includes(origin)) continue;
        throw new BridgeError(
          'CREDENTIAL_REFUSED',
          `The credential "${scheme}" of "${api.name}" is for ${allowed.join(', ') || 'no origin'}, not for ${origin}`,
          {
            hint: `If that is meant, name it in the config: "auth: { ${scheme}: { origins: [${origin}] } }", or log in again.`,
          },
        );
      }
    },
    attachments: () => settled ?? fetchAll(),
    async renew() {
      const renewed = await Promise.all(candidates.map(async (candidate) => (await candidate.renew?.()) ?? false));
      return renewed.includes(true);
    },
  };
}

/** The same for the same caller with the same credentials, however they are ordered. An API's own headers count: they may be one. */
function keyOf(api: AuthApi, candidates: readonly Candidate[], principal: string | undefined): string | undefined {
  const sent = candidates.filter(({ shown, certificate }) => shown.length > 0 || certificate);
  if (sent.length === 0 && api.headers.length === 0) return undefined;
  const parts = sent.map(({ scheme, identity }) => [scheme, identity]).sort(([a], [b]) => (a! < b! ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([api.name, principal ?? null, api.headers, parts]))
    .digest('hex')
    .slice(0, 16);
}
