import { spawn } from 'node:child_process';
import { BridgeError } from '../errors.ts';

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024;

/**
 * What a program prints, without the line end. It is run by its arguments, without a shell and without standard input. Throws
 * CREDENTIAL_MISSING naming the program, never its arguments or its output, when it fails, prints nothing or takes too long.
 */
export function readCommandOutput(argv: readonly string[], options: { timeoutMs?: number } = {}): Promise<string> {
  const [program = '', ...args] = argv;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      child.kill('SIGKILL');
      clearTimeout(timer);
      reject(
        new BridgeError('CREDENTIAL_MISSING', `The command "${program}" that gives the credential ${what}`, {
          hint: 'Run it by hand: it must print the secret and nothing else.',
        }),
      );
    };
    const child = spawn(program, args, { shell: false, stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true });
    const timer = setTimeout(() => fail(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) fail(`printed more than ${MAX_BYTES / 1024} KiB`);
    });
    child.on('error', (error: NodeJS.ErrnoException) => fail(`could not be run (${error.code ?? 'error'})`));
    child.on('close', (code, signal) => {
      const output = Buffer.concat(chunks).toString('utf8').trim();
      if (code !== 0) fail(signal ? `was ended by ${signal}` : `ended with code ${code}`);
      else if (output === '') fail('printed nothing');
      else {
        clearTimeout(timer);
        resolve(output);
      }
    });
  });
}
