import { statSync } from 'node:fs';
import type { BridgeConfig } from './config/types.ts';
import type { LoadedTools } from './load-tools.ts';
import type { Log } from './log.ts';

export interface WatchOptions {
  readonly config: BridgeConfig;
  readonly load: () => Promise<LoadedTools>;
  readonly current: () => LoadedTools;
  readonly replace: (next: LoadedTools) => void;
  readonly log: Log;
  /** Milliseconds between looks at files; default 1 s. */
  readonly fileEveryMs?: number;
  /** Between looks at URLs; default 60 s. */
  readonly urlEveryMs?: number;
}

/**
 * Looks whether documents have changed and serves them anew. The last good documents stay when new ones cannot be served;
 * nobody is told when the tools are the same.
 */
export function watchDocuments(options: WatchOptions): { stop(): void } {
  const { config, log } = options;
  const specs = config.apis.map(({ spec }) => spec);
  const isUrl = (spec: string) => /^https?:\/\//i.test(spec);
  let stopped = false;
  let seen = marksOf(specs, options.current());
  let lastUrls = Date.now();
  let timer = setTimeout(look, options.fileEveryMs ?? 1_000).unref();

  async function look(): Promise<void> {
    const marks = marksOf(specs, options.current());
    const urlsAreDue = specs.some(isUrl) && Date.now() - lastUrls >= (options.urlEveryMs ?? 60_000);
    if (marks !== seen || urlsAreDue) {
      seen = marks;
      if (urlsAreDue) lastUrls = Date.now();
      await reload();
    }
    if (!stopped) timer = setTimeout(look, options.fileEveryMs ?? 1_000).unref();
  }

  async function reload(): Promise<void> {
    try {
      const next = await options.load();
      if (stopped) return;
      const same = Buffer.compare(next.registry.listBytes(), options.current().registry.listBytes()) === 0;
      if (same) return;
      options.replace(next);
      log.info(`The documents have changed: ${next.registry.tools.length} tools`);
    } catch (error) {
      log.error(`The changed documents cannot be served, the last good ones stay: ${(error as Error).message}`);
    }
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** What tells one state of the files from another; a file that is not there has a mark as well. */
function marksOf(specs: readonly string[], { files }: LoadedTools): string {
  const paths = [...specs, ...files.map(({ path }) => path)];
  return paths
    .map((path) => {
      const status = statSync(path, { throwIfNoEntry: false });
      return status ? `${status.mtimeMs}:${status.size}:${status.ino}` : '-';
    })
    .join(' ');
}
