import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCertificate } from '../../src/auth/tls.ts';
import { type AuthorizedExchange, createAuthorizer } from '../../src/call/middleware/authorize.ts';
import { api, authFor, exchangeFor, security, toolFor } from './setup.ts';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'actionbridge-tls-'));
  for (const [name, ...more] of [['client'], ['server', '-addext', 'subjectAltName=IP:127.0.0.1'], ['other']])
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.pem`),
        ...more,
      ],
      { stdio: 'ignore' },
    );
  execFileSync(
    'openssl',
    ['ec', '-in', file('client.key'), '-aes256', '-passout', 'pass:open-sesame', '-out', file('locked.key')],
    { stdio: 'ignore' },
  );
  writeFileSync(file('broken.pem'), 'no certificate');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a client certificate', () => {
  it('is shown in the handshake', async () => {
    const server = createServer({
      ...readCertificate({ cert: file('server.pem'), key: file('server.key'), ca: file('client.pem') }),
      requestCert: true,
    });
    const seen = new Promise<string>((resolve) =>
      server.on('secureConnection', (socket: TLSSocket) => resolve(String(socket.getPeerCertificate().subject.CN))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const tls = readCertificate({
      cert: file('client.pem'),
      key: file('locked.key'),
      ca: file('server.pem'),
      passphrase: 'open-sesame',
    });
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...tls });
    expect(await seen).toBe('client');
    socket.destroy();
    server.close();
  });

  it.each<[string, Parameters<typeof readCertificate>[0], RegExp]>([
    ['is not there', { cert: '/nowhere.pem', key: 'client.key' }, /certificate\.(cert|key): .*no such file/],
    ['does not belong to the key', { cert: 'client.pem', key: 'other.key' }, /cannot be used/],
    ['is none', { cert: 'broken.pem', key: 'client.key' }, /cannot be used/],
    [
      'has a key that another passphrase opens',
      { cert: 'client.pem', key: 'locked.key', passphrase: 'wrong-passphrase' },
      /cannot be used/,
    ],
  ])('that %s is named', (_, files, message) => {
    const placed = { ...files, cert: file(files.cert.replace(/^\//, '')), key: file(files.key) };
    expect(() => readCertificate(placed)).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('goes with the exchange, under a key of its own', async () => {
    const served = api({
      schemes: { m: { kind: 'mutualTLS' } },
      auth: { m: { certificate: { cert: file('client.pem'), key: file('client.key') } } },
    });
    const sent: AuthorizedExchange[] = [];
    const send = createAuthorizer({ auth: authFor(served) })(async (exchange) => {
      sent.push(exchange);
      return { status: 200, statusText: '', headers: {}, body: new Uint8Array() };
    });
    await send(exchangeFor(toolFor(security('m'))));
    expect(sent[0]?.tls?.cert).toContain('BEGIN CERTIFICATE');
    expect(sent[0]?.credentialKey).toMatch(/^[0-9a-f]{16}$/);
    expect(sent[0]?.plan.headers).toEqual([]);
  });
});
