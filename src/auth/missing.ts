import { BridgeError } from '../errors.ts';
import type { SecurityRequirement } from '../operation/types.ts';
import type { AuthApi } from './api.ts';
import { describeScheme, waysOf } from './wanted.ts';

/** What a person could give to make a call possible. */
export interface WantedLogin {
  readonly api: string;
  readonly schemes: readonly string[];
}

/** A login that has ended, and cannot be refreshed. */
export class LoginExpired extends BridgeError implements WantedLogin {
  readonly api: string;
  readonly schemes: readonly string[];

  constructor(message: string, about: { readonly api: string; readonly scheme: string; readonly cause: unknown }) {
    super('CREDENTIAL_REFUSED', message, {
      hint: `Log in again: actionbridge login ${about.api}`,
      ...(about.cause === undefined ? {} : { cause: about.cause }),
    });
    this.api = about.api;
    this.schemes = [about.scheme];
  }
}

/** The login that would mend an error, if one would. */
export function wantedLoginOf(error: BridgeError): WantedLogin | undefined {
  const mendable =
    error instanceof LoginExpired || (error instanceof CredentialMissing && error.code === 'CREDENTIAL_MISSING');
  return mendable ? { api: error.api, schemes: error.schemes } : undefined;
}

/** A call lacks a credential. `schemes`: what is missing from the alternative that lacks least. */
export class CredentialMissing extends BridgeError implements WantedLogin {
  readonly api: string;
  readonly schemes: readonly string[];

  constructor(message: string, hint: string, about: { api: string; schemes: readonly string[]; unusable: boolean }) {
    super(about.unusable ? 'AUTH_UNSUPPORTED' : 'CREDENTIAL_MISSING', message, { hint });
    this.api = about.api;
    this.schemes = about.schemes;
  }
}

/** Says which credential is missing and each way to give it. AUTH_UNSUPPORTED when the document leaves no usable way. */
export function credentialMissing(
  api: AuthApi,
  alternatives: readonly (readonly SecurityRequirement[])[],
): CredentialMissing {
  const described = alternatives.map((lacking) => lacking.map(({ scheme }) => describeScheme(api, scheme)));
  const usable = described.filter((lacking) =>
    lacking.every(({ environment, problem }) => environment.length > 0 || problem === undefined),
  );
  const offered = [...(usable.length > 0 ? usable : described)].sort((a, b) => a.length - b.length);
  const wanted = offered.map((lacking) =>
    lacking
      .map(({ scheme, what, problem }) => `${scheme} (${what}${problem === undefined ? '' : `: ${problem}`})`)
      .join(' together with '),
  );
  const [first = []] = offered;
  const hint = first.map((scheme) => `For ${scheme.scheme}: ${waysOf(scheme).join(', or ')}.`).join(' ');
  return new CredentialMissing(
    `The API "${api.name}" asks for a credential that is not there: ${wanted.join(', or ')}`,
    hint,
    {
      api: api.name,
      schemes: first.map(({ scheme }) => scheme),
      unusable: usable.length === 0,
    },
  );
}
