import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createAddressPolicy, isPlainlyLocal, isPublicAddress } from '../../src/net/address.ts';
import { createConnector } from '../../src/net/connector.ts';

type Octets = readonly [number, number, number, number];

const number = ([a, b, c, d]: Octets) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
const hex = (value: number) => `0x${value.toString(16)}`;
const octal = (value: number) => `0${value.toString(8)}`;

/** Twelve ways to write one IPv4 address in a URL (WHATWG URL §3.5). */
const SPELLINGS: readonly ((octets: Octets) => string)[] = [
  (octets) => octets.join('.'),
  (octets) => `${octets.join('.')}.`,
  (octets) => String(number(octets)),
  (octets) => hex(number(octets)),
  (octets) => octal(number(octets)),
  (octets) => octets.map(hex).join('.'),
  (octets) => octets.map(octal).join('.'),
  ([a, b, c, d]) => `${a}.${(b << 16) | (c << 8) | d}`,
  ([a, b, c, d]) => `${a}.${b}.${(c << 8) | d}`,
  ([a, b, c, d]) => `${hex(a)}.${octal(b)}.${c}.${d}`,
  (octets) => octets.map((octet) => Array.from(String(octet), (digit) => `%3${digit}`).join('')).join('%2E'),
  (octets) =>
    octets
      .map((octet) => Array.from(String(octet), (digit) => String.fromCharCode(0xff10 + Number(digit))).join(''))
      .join('。'),
];

const quad = (high: number, low: number) => ((high << 8) | low).toString(16);

/** Seven IPv6 addresses that lead to one IPv4 address. */
const WRAPPINGS: readonly ((octets: Octets) => string)[] = [
  (octets) => `::ffff:${octets.join('.')}`,
  ([a, b, c, d]) => `::ffff:${quad(a, b)}:${quad(c, d)}`,
  ([a, b, c, d]) => `0:0:0:0:0:ffff:${quad(a, b)}:${quad(c, d)}`,
  ([a, b, c, d]) => `64:ff9b::${quad(a, b)}:${quad(c, d)}`,
  ([a, b, c, d]) => `2002:${quad(a, b)}:${quad(c, d)}::1`,
  ([a, b, c, d]) => `2001:0:4136:e378:8000:63bf:${quad(a ^ 255, b ^ 255)}:${quad(c ^ 255, d ^ 255)}`,
  ([a, b, c, d]) => `::ffff:0:${quad(a, b)}:${quad(c, d)}`,
];

const octet = fc.nat(255);
const interesting: readonly Octets[] = [
  [127, 0, 0, 1],
  [10, 1, 2, 3],
  [169, 254, 169, 254],
  [192, 168, 0, 1],
  [100, 64, 0, 1],
  [0, 0, 0, 0],
  [168, 63, 129, 16],
  [8, 8, 8, 8],
  [93, 184, 216, 34],
];
const octets = fc.oneof(fc.constantFrom(...interesting), fc.tuple(octet, octet, octet, octet));

/** What the connector decides before it opens a socket: `public` goes on to look the name up. */
function verdictOf(url: string): 'public' | 'refused' {
  return isPublicAddress(new URL(url).hostname) ? 'public' : 'refused';
}

describe('isPublicAddress', () => {
  it('gives twelve spellings of an IPv4 address one verdict', () => {
    fc.assert(
      fc.property(octets, (address) => {
        const verdicts = SPELLINGS.map((write) => verdictOf(`http://${write(address)}/`));
        expect(new Set(verdicts).size).toBe(1);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives seven IPv6 forms of an IPv4 address the verdict of that address', () => {
    fc.assert(
      fc.property(octets, (address) => {
        const expected = isPublicAddress(address.join('.'));
        for (const wrap of WRAPPINGS) {
          expect([wrap(address), isPublicAddress(wrap(address))]).toEqual([wrap(address), expected]);
          expect(verdictOf(`http://[${wrap(address)}]/`)).toBe(expected ? 'public' : 'refused');
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['168.63.129.16', false],
    ['::7f00:1', false],
    ['::', false],
    ['::1', false],
    ['fe80::1%eth0', false],
    ['fec0::1', false],
    ['fd00:ec2::254', false],
    ['64:ff9b:1::7f00:1', false],
    ['2001:db8::1', false],
    ['3ffe::1', true],
    ['5f00::1', false],
    ['ff02::1', false],
    ['198.18.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['not an address', false],
  ])('says of %s: %s', (address, expected) => expect(isPublicAddress(address)).toBe(expected));
});

describe('isPlainlyLocal', () => {
  test.each([
    ['http://localhost:8000/openapi.json', true],
    ['http://LOCALHOST/openapi.json', true],
    ['http://api.localhost/x', true],
    ['http://127.0.0.1:8000', true],
    ['http://[::1]:8000/x', true],
    ['http://10.0.0.7/x', false],
    ['https://192.168.1.1/x', false],
    ['http://2130706433:80/x', false],
    ['http://0177.0.0.1/x', false],
    ['http://127.1/x', false],
    ['http://[::7f00:1]:80/x', false],
    ['http://[::ffff:a9fe:a9fe]/x', false],
    ['http://[fd00:ec2::254]/x', false],
    ['http://0.0.0.0:80/x', false],
    ['http://169.254.169.254/x', false],
    ['http://user@127.0.0.1/x', false],
    ['http://intranet/x', false],
    ['https://api.example.com/x', false],
  ])('says of %s: %s', (url, expected) => expect(isPlainlyLocal(url)).toBe(expected));
});

describe('createConnector', () => {
  const open = (host: string, named: readonly string[], answers: readonly string[][]) => {
    const queue = [...answers];
    const asked: string[] = [];
    const connect = createConnector(createAddressPolicy(named), {
      timeoutMs: 300,
      resolve: (name, _options, done) => {
        asked.push(name);
        const addresses = queue.shift() ?? [];
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    });
    return new Promise<{ error: Error | null; asked: string[] }>((resolve) =>
      connect({ hostname: host, protocol: 'http:', port: '9' }, (error, socket) => {
        socket?.destroy();
        resolve({ error, asked });
      }),
    );
  };

  it.each([
    ['one address of several is not public', [['93.184.216.34', '127.0.0.1']]],
    ['the only address is not public', [['10.0.0.1']]],
    ['the name has no address', [[]]],
  ])('refuses a name when %s', async (_, answers) => {
    const { error } = await open('mixed.test', [], answers);
    expect(error).toMatchObject({ kind: 'address', sent: false });
  });

  it('asks once, and connects to what it was told then', async () => {
    const { error, asked } = await open('rebind.test', [], [['127.0.0.1'], ['93.184.216.34']]);
    expect(error).toMatchObject({ kind: 'address', message: expect.stringContaining('127.0.0.1') });
    expect(asked).toEqual(['rebind.test']);
  });

  it('goes to an inner address whose name and port were named', async () => {
    const { error, asked } = await open('inner.test', ['inner.test:9'], [['127.0.0.1']]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(asked).toEqual(['inner.test']);
  });

  it('takes another port of a named host for another place', async () => {
    expect((await open('inner.test', ['inner.test:10'], [['127.0.0.1']])).error).toMatchObject({ kind: 'address' });
  });
});
