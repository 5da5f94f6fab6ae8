import type { Connection } from './connection.ts';

/** Which resources of servers somebody wants to be told of, whatever connection they have now. */
export interface ResourceWatches {
  /** Resolves to the way to stop. `use` works with the server's connection; what it throws is thrown. */
  watch(server: string, uri: string, watcher: Watcher): Promise<() => void>;
  /** The server says that it has changed. */
  updated(server: string, uri: string): void;
  /** A server has a new connection, which knows nothing of what was asked on the one before. */
  reconnected(server: string, connection: Connection): void;
}

export interface Watcher {
  readonly use: (work: (connection: Connection) => Promise<void>) => Promise<void>;
  readonly onUpdated: () => void;
}

/** A server is asked once for a resource, however many want to know. */
export function createResourceWatches(): ResourceWatches {
  const watched = new Map<string, Map<string, Set<Watcher>>>();
  const watchersOf = (server: string, uri: string) => watched.get(server)?.get(uri);

  function add(server: string, uri: string, watcher: Watcher): boolean {
    const uris = watched.get(server) ?? new Map<string, Set<Watcher>>();
    const watchers = uris.get(uri) ?? new Set<Watcher>();
    watched.set(server, uris.set(uri, watchers.add(watcher)));
    return watchers.size === 1;
  }

  /** Whether it was the last one. */
  function remove(server: string, uri: string, watcher: Watcher): boolean {
    const watchers = watchersOf(server, uri);
    if (!watchers?.delete(watcher) || watchers.size > 0) return false;
    return watched.get(server)!.delete(uri);
  }

  return {
    async watch(server, uri, watcher) {
      const isFirst = add(server, uri, watcher);
      try {
        if (isFirst) await watcher.use((connection) => connection.watch(uri));
      } catch (error) {
        remove(server, uri, watcher);
        throw error;
      }
      return () => {
        if (!remove(server, uri, watcher)) return;
        watcher.use((connection) => connection.unwatch(uri)).catch(() => undefined);
      };
    },
    updated(server, uri) {
      for (const { onUpdated } of watchersOf(server, uri) ?? []) onUpdated();
    },
    reconnected(server, connection) {
      for (const [uri, watchers] of watched.get(server) ?? []) {
        // Nobody has seen what happened in between.
        for (const { onUpdated } of watchers) onUpdated();
        connection.watch(uri).catch(() => undefined);
      }
    },
  };
}
