import { spawn } from 'node:child_process';

/** A Node process that is ready once its output matches `ready`, whose group is its URL. */
export function startNode(words, ready, environment = {}) {
  const child = spawn(process.execPath, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  child.stdin.on('error', () => undefined);
  return new Promise((settle, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
        const found = ready.exec(said);
        if (found) settle({ url: found[1], pid: child.pid, stop: () => child.kill() });
      });
    child.once('close', (code) => reject(new Error(`${words.join(' ')} ended with ${code}: ${said}`)));
  });
}
