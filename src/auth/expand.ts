import { BridgeError } from '../errors.ts';

/** Environment variables by name. */
export type Environment = { readonly [name: string]: string | undefined };

/**
 * `${NAME}` in a field of the operator's config that may hold a secret, and nowhere else. `onSecret` is told what was put in.
 * Throws CONFIG_INVALID naming the place when a variable is not set; never shows a value.
 */
export function expandVariables(
  written: string,
  place: string,
  environment: Environment,
  onSecret: (value: string) => void = () => undefined,
): string {
  return written.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const found = environment[name];
    if (found === undefined)
      throw new BridgeError('CONFIG_INVALID', `${place}: \${${name}} is not set in the environment`, {
        hint: `Set ${name}, or name a file that does with --env-file.`,
      });
    onSecret(found);
    return found;
  });
}
