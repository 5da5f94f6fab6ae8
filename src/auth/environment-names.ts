import type { SecurityScheme } from '../operation/security-schemes.ts';

/**
 * Part of a variable's name (CONTRACT.md): anything but letters and digits becomes `_`, a capital after a small letter or
 * digit starts a word, all upper case.
 */
export function environmentWord(text: string): string {
  return text
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();
}

/** The variables a scheme's credential may stand in. */
export interface EnvironmentNames {
  /** A token, an API key, or `user:password`. */
  readonly value: string;
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Names the token endpoint when the document's is on an origin the API is not on. */
  readonly tokenUrl: string;
}

/** API `petstore`, scheme `apiKeyAuth` → `PETSTORE_API_KEY_AUTH` and its kin. */
export function environmentNames(api: string, scheme: string): EnvironmentNames {
  const value = `${environmentWord(api)}_${environmentWord(scheme)}`;
  return {
    value,
    username: `${value}_USERNAME`,
    password: `${value}_PASSWORD`,
    clientId: `${value}_CLIENT_ID`,
    clientSecret: `${value}_CLIENT_SECRET`,
    tokenUrl: `${value}_TOKEN_URL`,
  };
}

/** The variables that count for a scheme, as alternatives of names that belong together; none when no variable can hold it. */
export function wantedVariables(api: string, scheme: string, declared: SecurityScheme): readonly (readonly string[])[] {
  const names = environmentNames(api, scheme);
  switch (declared.kind) {
    case 'apiKey':
    case 'bearer':
    case 'http':
      return [[names.value]];
    case 'basic':
      return [[names.value], [names.username, names.password]];
    case 'openIdConnect':
      return [[names.value]];
    case 'oauth2':
      return declared.flows.clientCredentials ? [[names.value], [names.clientId, names.clientSecret]] : [[names.value]];
    case 'mutualTLS':
    case 'unsupported':
      return [];
  }
}
