import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { BridgeError } from '../errors.ts';
import { registerSecret } from '../secrets.ts';
import type { CertificateFiles } from './types.ts';

/** What a TLS connection is given for mutual authentication (RFC 8446 §4.4.2), in PEM; names as in `node:tls`. */
export interface ClientTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly passphrase?: string;
}

/** The files of a client certificate, checked to belong together. Throws CONFIG_INVALID naming the file, never what is in it. */
export function readCertificate(files: CertificateFiles): ClientTls {
  const key = readPem(files.key, 'key');
  registerSecret(key);
  const tls: ClientTls = {
    cert: readPem(files.cert, 'cert'),
    key,
    ...(files.ca === undefined ? {} : { ca: readPem(files.ca, 'ca') }),
    ...(files.passphrase === undefined ? {} : { passphrase: files.passphrase }),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new BridgeError('CONFIG_INVALID', `The client certificate ${files.cert} cannot be used (${code})`, {
      hint: 'Check that cert and key are PEM files that belong together, and the passphrase.',
    });
  }
  return tls;
}

function readPem(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new BridgeError(
      'CONFIG_INVALID',
      `certificate.${what}: ${path}: ${code === 'ENOENT' ? 'no such file' : code}`,
      {
        hint: 'Check the path in the config.',
      },
    );
  }
}
