/** Where the text of a secret comes from. A command's output is what it prints, without the line end. */
export type SecretSource =
  | { readonly from: 'value'; readonly value: string }
  | { readonly from: 'environment'; readonly name: string }
  | { readonly from: 'command'; readonly argv: readonly string[] };

/** Where a secret stands in a request. */
export type Placement =
  /** The value after `prefix`, if any: `Bearer abc`. */
  | { readonly kind: 'header'; readonly name: string; readonly prefix?: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  /** `user:password` in base64 (RFC 7617). `bare`: a value without a colon is a user name, or is sent as it is. */
  | { readonly kind: 'basic'; readonly bare: 'user' | 'as-is' };

/** What an operator says about the placement; what is absent stays as the document says. */
export interface PlacementOverride {
  readonly in?: 'header' | 'query' | 'cookie';
  readonly name?: string;
  readonly prefix?: string;
  /** As a user name and password, whatever the document says; the value as in Placement. */
  readonly basic?: 'user' | 'as-is';
}

/** How the operator gives the credential of one scheme, checked and with `${NAME}` filled in. */
export interface AuthEntry {
  readonly credential: CredentialConfig;
  readonly placement: PlacementOverride;
  /** Sent together with the credential. */
  readonly headers: readonly NamedValue[];
  readonly query: readonly NamedValue[];
  /** The only origins it may go to; absent: those of the API. */
  readonly origins?: readonly string[];
  /** Each caller has a credential of its own: what the operator gave serves the operator only. */
  readonly perUser: boolean;
}

export type NamedValue = readonly [name: string, value: string];

export type CredentialConfig =
  /** The scheme is not needed after all. */
  | { readonly kind: 'none' }
  /** From the documented variables or from `login`: the entry only says how it is sent. */
  | { readonly kind: 'documented' }
  /** `headers` and `query` are the credential. */
  | { readonly kind: 'extras' }
  | { readonly kind: 'token'; readonly source: SecretSource }
  /** A token whose placement the document or `in` and `name` must give; never `Bearer`. */
  | { readonly kind: 'apiKey'; readonly source: SecretSource }
  | { readonly kind: 'basic'; readonly username: SecretSource; readonly password: SecretSource }
  /** `user:password` in one; `bare` as in Placement. */
  | { readonly kind: 'pair'; readonly source: SecretSource; readonly bare: 'user' | 'as-is' }
  | { readonly kind: 'oauth'; readonly oauth: OAuthConfig }
  | { readonly kind: 'certificate'; readonly files: CertificateFiles };

export type OAuthGrant = 'authorization_code' | 'client_credentials' | 'device_code';
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post' | 'none';

/** What the operator says about an OAuth server and our place in it; the document says the rest. */
export interface OAuthConfig {
  /** The URLs are the operator's own words; false: a document's, which may not choose where a client secret goes. */
  readonly trusted: boolean;
  readonly grant?: OAuthGrant;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly issuer?: string;
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly deviceAuthorizationUrl?: string;
  /** In place of what the operations ask for. */
  readonly scopes?: readonly string[];
  /** Absent: what the server says it supports, else basic and, when that is refused, post. */
  readonly clientAuthentication?: ClientAuthentication;
  readonly tokenRequest: 'form' | 'json';
  /** Further parameters of authorization and token requests, e.g. `audience`. */
  readonly parameters: { readonly [name: string]: string };
  /** Port of the callback on 127.0.0.1, when the server knows only one; absent: any. */
  readonly redirectPort?: number;
  /** RFC 8693: the caller's own token is exchanged for one of the API. */
  readonly exchange?: { readonly audience?: string; readonly resource?: string; readonly subjectTokenType: string };
}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly passphrase?: string;
}

/** By the document's scheme names, and `default`. */
export interface AuthConfig {
  readonly [scheme: string]: AuthEntry;
}

/** An access token and what is known about it. Times are milliseconds since the epoch, by our clock. */
export interface TokenSet {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
  /** As granted, when the server said so. */
  readonly scope?: string;
}
