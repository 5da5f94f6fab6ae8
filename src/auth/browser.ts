import { spawn } from 'node:child_process';
import { isSecureUrl } from './oauth/server.ts';

/** The program that opens a URL, by its arguments: no shell reads the URL. */
export function browserCommand(url: string, platform: NodeJS.Platform = process.platform): readonly string[] {
  if (platform === 'darwin') return ['open', url];
  // `start` is a word of the shell, which would read `&` in the URL.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}

/** Opens an https or loopback URL in the person's browser; false when it is neither, or there is no browser to be found. */
export function openInBrowser(url: string): Promise<boolean> {
  if (!isSecureUrl(url)) return Promise.resolve(false);
  const [program = '', ...args] = browserCommand(new URL(url).href);
  return new Promise((resolve) => {
    const child = spawn(program, args, { shell: false, stdio: 'ignore', detached: true, windowsHide: true });
    child.on('error', () => resolve(false));
    child.on('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
