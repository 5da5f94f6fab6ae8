import type { WindowLimit } from '../store/types.ts';

/** Who sends a request over HTTP, and what they may do. */
export interface Caller {
  /** Selects credentials and limits, and stands in the audit log. Absent: the operator. */
  readonly principal?: string;
  /** Globs over tool names; absent: every tool. */
  readonly tools?: readonly string[];
  /** Only tools that change nothing. */
  readonly readOnly?: boolean;
  /** Calls of this principal in any stretch of time, over all its requests and APIs. */
  readonly rate?: WindowLimit;
}

/** A bearer token of the listener, and whose it is. */
export interface HttpToken extends Caller {
  /** A secret. */
  readonly token: string;
}

/** Tokens of an authorization server are taken as well: this listener is an OAuth 2.1 resource server. */
export interface OAuthResourceOptions extends Omit<Caller, 'principal'> {
  /** The authorization server's issuer URL, as its tokens have it in `iss`. */
  readonly issuer: string;
  /** What tokens must have in `aud` (RFC 8707): this listener's public URL with `/mcp`, unless the issuer names it otherwise. */
  readonly audience: string | readonly string[];
  /** Every token must have all of these; they are also what clients are told to ask for. */
  readonly scopes?: readonly string[];
  /** Default: from the issuer's metadata. */
  readonly jwksUri?: string;
}

/** PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What the config file says about the listener: without a port it is only opened when the command line asks for it. */
export type HttpSettings = Omit<HttpConfig, 'port'> & { readonly port?: number };

/** What the operator decided about the HTTP listener. */
export interface HttpConfig {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** `none`: nobody is asked for a token; only on loopback. */
  readonly auth: 'token' | 'none';
  readonly tokens: readonly HttpToken[];
  readonly oauth?: OAuthResourceOptions;
  readonly tls?: TlsFiles;
  /** How clients reach the listener, without a path at the end; absent: as the request's Host says. */
  readonly publicUrl?: string;
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-*` is believed. */
  readonly trustedProxies: readonly string[];
  /** More names for the Host header: `name`, `name:port`, `*.example.com`. */
  readonly allowedHosts: readonly string[];
  /** Web origins that may send requests besides the listener's own. */
  readonly allowedOrigins: readonly string[];
  /** Connections at a time. */
  readonly maxSockets?: number;
}
