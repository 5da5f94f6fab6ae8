import { CommanderError, Command as Program } from 'commander';
import { COMMANDS, type CommandRow } from './commands/table.ts';
import { printable } from './diagnostic.ts';
import { BridgeError } from './errors.ts';
import { createMasker } from './secrets.ts';
import { version } from './version.ts';

// A reader that has gone away (`tools … | head`) is no error of ours, and a closed stderr is nobody's.
process.on('uncaughtException', (error) => process.exit(isBrokenPipe(error) ? 0 : report(error)));
process.stderr.on('error', () => undefined);

/** Carries out a command line; resolves to the exit code. */
export async function run(words: readonly string[]): Promise<number> {
  try {
    return await parse(words);
  } catch (error) {
    return report(error);
  }
}

/** The word "serve" may be left out: whatever is no command is a document. */
async function parse(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = quiet(new Program('actionbridge'))
    .description('Serves every operation of OpenAPI documents as MCP tools.')
    .version(version);
  const first = words.find((word) => !word.startsWith('-'));
  const named = first !== undefined && (first === 'help' || Object.hasOwn(COMMANDS, first));
  const asksProgram = words.length === 0 || words.some((word) => ['--help', '-h', '--version', '-V'].includes(word));
  // A command is defined when it is asked for: all of them with all their options are a millisecond or two of every start.
  const wanted = asksProgram || first === 'help' ? Object.keys(COMMANDS) : [named ? first : 'serve'];
  for (const name of wanted) {
    const row = COMMANDS[name]!;
    define(program, name, row).action(async (...parameters: unknown[]) => {
      const given = parameters.slice(0, -2).flat();
      code = await (await row.load())({
        words: given.filter((word): word is string => word !== undefined),
        flags: parameters.at(-2) as { [name: string]: unknown },
      });
    });
  }
  await program.parseAsync(named || (asksProgram && first === undefined) ? words : ['serve', ...words], {
    from: 'user',
  });
  return code;
}

function define(program: Program, name: string, { usage, description, options }: CommandRow): Program {
  const command = quiet(program.command(`${name} ${usage}`.trim()).description(description));
  for (const [flags, help, more] of options) {
    if (typeof more === 'function') command.option(flags, help, more);
    else command.option(flags, help, more);
  }
  return command;
}

/** Errors are reported below, in one place. */
function quiet(command: Program): Program {
  return command.exitOverride().configureOutput({ outputError: () => undefined });
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    process.stderr.write(`${printable(error.message)}\nRun "actionbridge --help" for the commands and options.\n`);
    return 2;
  }
  if (error instanceof BridgeError) {
    process.stderr.write(`${printable(`${error.message}\n${error.hint}`)}\n`);
    return error.code === 'USAGE' || error.code === 'CONFIG_INVALID' ? 2 : 1;
  }
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
  process.stderr.write(
    createMasker().mask(
      `Internal error: ${message}. This is a bug in actionbridge; please report it with the command that was run.\n`,
    ),
  );
  return 1;
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}
