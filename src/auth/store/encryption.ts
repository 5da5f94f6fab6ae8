import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';

/** AES-256-GCM under a key made of a passphrase by scrypt; all but the numbers is base64. */
export interface SealedText {
  readonly v: 1;
  readonly salt: string;
  readonly iv: string;
  readonly tag: string;
  readonly text: string;
}

const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };

/** Encrypts; `label` is authenticated with it, so that one entry cannot be put in another's place. */
export async function seal(text: string, passphrase: string, label: string): Promise<SealedText> {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt), iv);
  cipher.setAAD(Buffer.from(label));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    v: 1,
    salt: salt.toString('base64'),
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    text: sealed.toString('base64'),
  };
}

/** The text, or undefined when passphrase, label or content is not what it was. */
export async function unseal(sealed: SealedText, passphrase: string, label: string): Promise<string | undefined> {
  const bytes = (part: string) => Buffer.from(part, 'base64');
  const key = await derive(passphrase, bytes(sealed.salt));
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(sealed.iv), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(label));
    decipher.setAuthTag(bytes(sealed.tag));
    return Buffer.concat([decipher.update(bytes(sealed.text)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  const work = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
  return work(passphrase, salt, 32, SCRYPT);
}
