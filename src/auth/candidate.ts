import { MASK, registerSecret } from '../secrets.ts';
import { type Attachment, attachmentOf, extraOf } from './attach.ts';
import type { TokenHolder } from './oauth/token-holder.ts';
import type { SecretReader } from './secret-reader.ts';
import type { AuthEntry, CertificateFiles, Placement, SecretSource } from './types.ts';

/** A credential that is there for a scheme, not fetched yet. */
export interface Candidate {
  readonly scheme: string;
  /** Differs wherever the credential does; may be secret, so it is only ever hashed. */
  readonly identity: string;
  /** The only origins it may go to; absent: those of the API. */
  readonly origins?: readonly string[];
  /** What goes onto the request. May run a command or ask a token endpoint; throws BridgeError. */
  attachments(): Promise<readonly Attachment[]>;
  /** After a 401: whether trying again may bring something else. Absent: it cannot. */
  renew?(): Promise<boolean>;
  readonly certificate?: CertificateFiles;
  /** The same with every value masked; fetches nothing. */
  readonly shown: readonly Attachment[];
}

/** What candidates of one entry share. */
export interface CandidateFrame {
  readonly scheme: string;
  readonly entry: AuthEntry | undefined;
  readonly placement: Placement;
}

/** Nothing to send: the scheme is switched off, or the operator's own header is the credential. */
export function emptyCandidate(scheme: string, identity: string): Candidate {
  return { scheme, identity, attachments: async () => [], shown: [] };
}

/** Extra headers and query parameters alone. */
export function extrasCandidate(scheme: string, entry: AuthEntry): Candidate {
  const extras = extrasOf(scheme, entry);
  return {
    scheme,
    identity: JSON.stringify(['extras', entry.headers, entry.query]),
    ...originsOf(entry),
    attachments: async () => extras,
    shown: extras.map(masked),
  };
}

/** A client certificate: nothing in the request, everything in the handshake. */
export function certificateCandidate(scheme: string, entry: AuthEntry, certificate: CertificateFiles): Candidate {
  return { ...extrasCandidate(scheme, entry), identity: JSON.stringify(['certificate', certificate]), certificate };
}

/** A secret that is read once from each of its sources; several are joined by a colon. */
export function secretCandidate(
  frame: CandidateFrame,
  sources: readonly SecretSource[],
  reader: SecretReader,
): Candidate {
  let last: readonly string[] = [];
  const read = async () => {
    last = await Promise.all(sources.map((source) => reader.read(source)));
    return last.join(':');
  };
  const renewable = sources.some(({ from }) => from === 'command');
  return {
    ...framed(frame, read),
    identity: JSON.stringify(['secret', ...sources.map(reader.identityOf)]),
    ...(renewable
      ? { renew: async () => sources.map((source, index) => reader.forget(source, last[index] ?? '')).includes(true) }
      : {}),
  };
}

/** A value that is known. */
export function valueCandidate(frame: CandidateFrame, value: string): Candidate {
  return { ...framed(frame, async () => value), identity: JSON.stringify(['value', value]) };
}

/** A token that keeps itself fresh. */
export function tokenCandidate(frame: CandidateFrame, holder: TokenHolder, identity: readonly string[]): Candidate {
  let last = '';
  const read = async () => {
    last = (await holder.current()).accessToken;
    return last;
  };
  return { ...framed(frame, read), identity: JSON.stringify(['token', ...identity]), renew: () => holder.renew(last) };
}

function framed({ scheme, entry, placement }: CandidateFrame, read: () => Promise<string>) {
  const extras = entry ? extrasOf(scheme, entry) : [];
  return {
    scheme,
    ...(entry ? originsOf(entry) : {}),
    attachments: async () => {
      const secret = await read();
      if (placement.kind === 'basic') registerPair(secret);
      return [attachmentOf(scheme, placement, secret), ...extras];
    },
    shown: [shownOf(scheme, placement), ...extras.map(masked)],
  };
}

/** `user:password`: the password is masked by itself too, and the user name where it is the key (`sk_live_…:`). */
function registerPair(pair: string): void {
  registerSecret(pair);
  const colon = pair.indexOf(':');
  if (colon >= 0) registerSecret(pair.slice(colon + 1) || pair.slice(0, colon));
}

function originsOf({ origins }: AuthEntry) {
  return origins ? { origins } : {};
}

function extrasOf(scheme: string, { headers, query }: AuthEntry): Attachment[] {
  return [
    ...headers.map((header) => extraOf(scheme, 'header', header)),
    ...query.map((parameter) => extraOf(scheme, 'query', parameter)),
  ];
}

function shownOf(scheme: string, placement: Placement): Attachment {
  return attachmentOf(scheme, placement.kind === 'basic' ? { ...placement, bare: 'as-is' } : placement, MASK);
}

function masked(attachment: Attachment): Attachment {
  return { ...attachment, value: MASK };
}
