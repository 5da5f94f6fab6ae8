/** What comes back with the answers to an MCP server: the consent that was given before it asked, and its own state. */
export interface ServerState {
  readonly approval?: string;
  readonly state?: string;
}

const PREFIX = 'server.';

/** As `requestState` of MCP; undefined when there is nothing to remember. A consent is signed, a server sees to its own state. */
export function writeServerState({ approval = '', state }: ServerState): string | undefined {
  if (approval === '' && state === undefined) return undefined;
  return state === undefined ? PREFIX + approval : `${PREFIX}${approval}.${state}`;
}

export function isServerState(written: string): boolean {
  return written.startsWith(PREFIX);
}

/** What `writeServerState` wrote. */
export function readServerState(written: string): ServerState {
  const rest = written.slice(PREFIX.length);
  const dot = rest.indexOf('.');
  const approval = dot < 0 ? rest : rest.slice(0, dot);
  return { ...(approval === '' ? {} : { approval }), ...(dot < 0 ? {} : { state: rest.slice(dot + 1) }) };
}
