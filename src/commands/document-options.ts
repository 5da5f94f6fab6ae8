/** An option in commander's notation, its help, and a default or a function that collects repeated values. */
export type OptionRow = readonly [flags: string, help: string, more?: string | typeof many];

/** Collects the values of an option that may be repeated. */
export function many(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** The options of every command that opens documents (CONTRACT.md, "Options"). */
export const DOCUMENT_OPTIONS: readonly OptionRow[] = [
  ['--config <file>', 'config file; default actionbridge.yaml, .yml or .json in the working directory'],
  ['--mcp-config <file>', 'serve the MCP servers of this file too: claude_desktop_config.json, .cursor/mcp.json', many],
  ['--env-file <file>', 'variables for the config and for credentials', many],
  ['--base-url <[name=]url>', "the server to call instead of the document's", many],
  ["--header <[name=]'N: v'>", 'a header on every request of that API', many],
  ['--server-var <[name=]k=v>', 'value of a server variable', many],
  ['--include <pattern>', 'offer only what matches: a name glob, tag:x, path:/a/*, method:GET', many],
  ['--exclude <pattern>', 'do not offer what matches', many],
  ['--read-only', 'only safe methods'],
  ['--allow-host <host:port>', 'a non-public address the bridge may call', many],
  ['--tools <mode>', 'all: one tool an operation'],
  ['--select', 'every tool takes a JMESPath expression over its answer'],
  ['--timeout <seconds>', 'for a whole call; default 45'],
  ['--rate-limit <n/seconds>', 'calls of each API; default 60/60, 0: no limit'],
  ['--cache <seconds>', 'keep GET answers, so long where the API says nothing; default off'],
  ['--confirm <when>', 'ask the person before calls: never, consequential or always; default consequential'],
  ['--audit <file>', 'record every call in this file, as JSON lines'],
  ['--redis <url>', 'state that several replicas share'],
  ['--watch', 'serve documents anew when they change'],
  ['--log-level <level>', 'silent, error, warn, info or debug; default warn'],
  ['--no-cache-tools', 'compile the documents anew at every start'],
  ['--output-schema', 'declare a relaxed output schema for each tool'],
];
