import { CommanderError, Command as Program } from 'commander';
import { COMMANDS } from './commands/table.ts';
import { BridgeError } from './errors.ts';
import { version } from './version.ts';

process.on('uncaughtException', (error) => process.exit(report(error)));
process.exitCode = await run(process.argv.slice(2));

async function run(words: readonly string[]): Promise<number> {
  try {
    return await parse(words);
  } catch (error) {
    return report(error);
  }
}

/** The word "serve" may be left out: whatever is no command is a document. */
async function parse(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Program('actionbridge')
    .description('Serves every operation of OpenAPI documents as MCP tools.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const define = (name: string, usage: string, description: string) => {
    const command = program.command(`${name} ${usage}`).description(description);
    return shared(command).action(async (...parameters: unknown[]) => {
      const flags = (parameters.at(-2) ?? {}) as { [name: string]: unknown };
      const load = COMMANDS[name]!;
      code = await (await load())({
        words: parameters
          .slice(0, -2)
          .flat()
          .filter((word) => word !== undefined) as string[],
        flags,
      });
    });
  };
  define('serve', '[spec...]', 'serve over stdio; the word "serve" may be left out')
    .option('--http <[host:]port>', 'serve over HTTP instead of stdio; default host 127.0.0.1')
    .option('--token <value>', 'bearer token of the HTTP listener; default ACTIONBRIDGE_TOKEN, else a new one')
    .option('--no-auth', 'ask for no token; on loopback only')
    .option('--allowed-host <name>', 'another name for the Host header of HTTP requests', many);
  define('tools', '[spec...]', 'list the tools').option('--format <format>', 'table or mcp', 'table');
  define('call', '<spec> <tool> [json]', 'call one tool').option(
    '--dry-run',
    'print the request and a curl line, send nothing',
  );
  define('check', '[spec...]', 'report what is served, degraded and refused, and why').option(
    '--format <format>',
    'text or json',
    'text',
  );
  program.command('demo', { hidden: true }).action(async () => {
    code = await (await COMMANDS['demo']!())({ words: [], flags: {} });
  });
  const first = words.find((word) => !word.startsWith('-'));
  const named = first !== undefined && (first === 'help' || Object.hasOwn(COMMANDS, first));
  const asksProgram = words.length === 0 || words.some((word) => ['--help', '-h', '--version', '-V'].includes(word));
  await program.parseAsync(named || (asksProgram && first === undefined) ? words : ['serve', ...words], {
    from: 'user',
  });
  return code;
}

function many(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function shared(command: Program): Program {
  return command
    .option('--config <file>', 'config file; default actionbridge.yaml, .yml or .json in the working directory')
    .option('--base-url <[name=]url>', "the server to call instead of the document's", many)
    .option("--header <[name=]'N: v'>", 'a header on every request of that API', many)
    .option('--server-var <[name=]k=v>', 'value of a server variable', many)
    .option('--include <pattern>', 'offer only what matches: a name glob, tag:x, path:/a/*, method:GET', many)
    .option('--exclude <pattern>', 'do not offer what matches', many)
    .option('--read-only', 'only safe methods')
    .option('--allow-host <host:port>', 'a non-public address the bridge may call', many)
    .option('--tools <mode>', 'all: one tool an operation')
    .option('--timeout <seconds>', 'for a whole call; default 45')
    .option('--rate-limit <n/seconds>', '0: no limit')
    .option('--no-cache-tools', 'compile the documents anew at every start')
    .option('--output-schema', 'declare a relaxed output schema for each tool')
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    process.stderr.write(`${error.message}\nRun "actionbridge --help" for the commands and options.\n`);
    return 2;
  }
  if (error instanceof BridgeError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    return error.code === 'USAGE' || error.code === 'CONFIG_INVALID' ? 2 : 1;
  }
  process.stderr.write(
    `Internal error: ${error instanceof Error ? error.message : String(error)}\nThis is a bug in actionbridge; please report it with the command that was run.\n`,
  );
  return 1;
}
