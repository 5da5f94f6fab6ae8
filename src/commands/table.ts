import type { Flags } from '../config/flags.ts';
import { DOCUMENT_OPTIONS, many, type OptionRow } from './document-options.ts';

/** What a command is given: its words, and the values of its options by their long names in camel case. */
export interface CommandInput {
  readonly words: readonly string[];
  readonly flags: Flags & { readonly [name: string]: unknown };
}

/** Runs to the exit code: 0 good, 1 the work failed or findings of severity error, 2 bad usage or config. */
export type Command = (input: CommandInput) => Promise<number>;

export interface CommandRow {
  /** The words after the name, in commander's notation. */
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionRow[];
  readonly load: () => Promise<Command>;
}

const FORMAT: OptionRow = ['--format <format>', 'text or json', 'text'];

const WARNINGS: OptionRow = ['--warnings <detail>', 'what a format cannot say: summary, all or none', 'summary'];

/** Every command, each loaded when it is asked for. */
export const COMMANDS: { readonly [name: string]: CommandRow } = {
  serve: {
    usage: '[spec...]',
    description: 'serve over stdio or HTTP; the word "serve" may be left out',
    options: [
      ...DOCUMENT_OPTIONS,
      ['--http <[host:]port>', 'serve over HTTP instead of stdio; default host 127.0.0.1'],
      ['--token <value>', 'bearer token of the HTTP listener; default ACTIONBRIDGE_TOKEN, else a new one'],
      ['--no-auth', 'ask for no token; on loopback only'],
      [
        '--upstream <url>',
        'model provider of the OpenAI-compatible proxy (with --http); key: ACTIONBRIDGE_UPSTREAM_KEY',
      ],
      ['--allowed-host <name>', 'another name for the Host header of HTTP requests', many],
    ],
    load: async () => (await import('./serve.ts')).serve,
  },
  tools: {
    usage: '[spec...]',
    description: 'list the tools',
    options: [
      ...DOCUMENT_OPTIONS,
      ['--format <format>', 'table, mcp, openai, responses, anthropic or gemini', 'table'],
      WARNINGS,
    ],
    load: async () => (await import('./tools.ts')).tools,
  },
  call: {
    usage: '<spec> <tool> [json]',
    description: 'call one tool',
    options: [...DOCUMENT_OPTIONS, ['--dry-run', 'print the request and a curl line, send nothing']],
    load: async () => (await import('./call.ts')).call,
  },
  check: {
    usage: '[spec...]',
    description: 'report what is served, degraded and refused, and why',
    options: [
      ...DOCUMENT_OPTIONS,
      FORMAT,
      ['--profile <name>', 'gpt-actions: what the editor of GPTs would say'],
      ['--fix', 'write documents that pass; with --profile'],
      ['--out <folder>', 'where to; default: the working directory'],
    ],
    load: async () => (await import('./check.ts')).check,
  },
  export: {
    usage: '<format> [spec...]',
    description:
      'write the tools for openai, responses, anthropic or gemini, or as gpt-action: an OpenAPI document that the GPT editor takes',
    options: [
      ...DOCUMENT_OPTIONS,
      WARNINGS,
      ['--public-url <url>', 'gpt-action: where ChatGPT reaches the bridge'],
      ['--no-auth', 'gpt-action: the listener asks for no token'],
      ['--out <folder>', 'write files there; several when there are more than 30 tools'],
    ],
    load: async () => (await import('./export.ts')).exportTools,
  },
  chat: {
    usage: '[spec...]',
    description: 'a chat in the terminal: a model that has the tools',
    options: [
      ...DOCUMENT_OPTIONS,
      ['--upstream <url>', 'model provider; its key: ACTIONBRIDGE_UPSTREAM_KEY, for OpenAI also OPENAI_API_KEY'],
      ['--model <name>', 'default: the only one of the provider'],
      ['--system <text>', 'what the model is told first'],
      ['--message <text>', 'say this, print the answer and end'],
      ['--proxy <url>', 'a running proxy instead, such as http://127.0.0.1:8080/v1'],
      ['--token <value>', 'of that proxy; default ACTIONBRIDGE_TOKEN'],
    ],
    load: async () => (await import('./chat.ts')).chat,
  },
  login: {
    usage: '[spec|api]',
    description: 'get and keep a credential',
    options: [
      ...DOCUMENT_OPTIONS,
      ['--scheme <name>', 'of the document, when there is a choice'],
      ['--principal <name>', 'for one caller of the HTTP listener alone'],
      ['--device', 'sign in on another device, with a code'],
      ['--no-browser', 'only print the URL'],
      ['--list', 'what is stored, and where'],
      ['--remove <api[/scheme]>', 'forget it'],
    ],
    load: async () => (await import('./login-command.ts')).login,
  },
  audit: {
    usage: '<file>',
    description: 'show, filter, sum up, verify or replay an audit log',
    options: [
      ...DOCUMENT_OPTIONS,
      ['--tail <n>', 'the last n records'],
      ['--tool <name>', 'only of this tool'],
      ['--api <name>', 'only of this API'],
      ['--result <result>', 'only calls that ended so'],
      ['--since <time>', 'a date, or how long ago: 15m, 2h, 7d'],
      ['--summary', 'calls, errors and latency of each tool'],
      ['--verify', 'check the chain of hashes, and that every call has its end'],
      ['--replay <spec>', 'plan the recorded calls anew, and show what would differ'],
      FORMAT,
    ],
    load: async () => (await import('./audit.ts')).audit,
  },
  demo: {
    usage: '',
    description: 'show the main job with the weather API that ships with this',
    options: [],
    load: async () => (await import('./demo.ts')).demo,
  },
};
