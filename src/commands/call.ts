import type { CallOptions, DryRun } from '../bridge.ts';
import { toCurl } from '../call/curl.ts';
import { renderResult } from '../call/render.ts';
import type { RequestPlan } from '../call/types.ts';
import { printable } from '../diagnostic.ts';
import { BridgeError } from '../errors.ts';
import { renderOutcome } from '../mcp/render-outcome.ts';
import { createMasker } from '../secrets.ts';
import { readLocalFile } from '../serve/local-files.ts';
import { askInTerminal } from './ask-in-terminal.ts';
import { openFromFlags } from './open.ts';
import type { Command } from './table.ts';

/** `actionbridge call <spec> <tool> [json]` */
export const call: Command = async ({ words, flags }) => {
  const [spec, tool, json, ...rest] = words;
  if (spec === undefined || tool === undefined || rest.length > 0)
    throw new BridgeError('USAGE', 'call needs a document, a tool, and optionally the arguments as JSON', {
      hint: 'For example: actionbridge call openapi.yaml getPet \'{"id": 1}\'',
    });
  const args = parseArguments(json);
  const bridge = await openFromFlags([spec], flags);
  try {
    const ask = askInTerminal(flags['confirm']);
    const options: CallOptions = { surface: 'cli', readFile: readLocalFile, ...(ask ? { confirm: ask } : {}) };
    if (flags['dryRun'] === true) {
      const planned = await bridge.plan(tool, args, options);
      if (planned.ok) return print(describeDryRun(planned), false);
      return print(textOf(renderResult(planned.result, { structured: false })), true);
    }
    const outcome = await bridge.call(tool, args, options);
    const rendered = renderOutcome(outcome);
    return print(textOf(rendered), rendered.isError === true);
  } finally {
    await bridge.close();
  }
};

function parseArguments(json: string | undefined): unknown {
  if (json === undefined) return {};
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new BridgeError('USAGE', `The arguments are not JSON: ${(error as Error).message}`, {
      cause: error,
      hint: 'Quote them for the shell: \'{"id": 1}\'',
    });
  }
}

/** Results and dry runs may hold what the operator gave as a secret. */
function print(text: string, failed: boolean): number {
  const stream = failed ? process.stderr : process.stdout;
  const masked = createMasker().mask(text);
  stream.write(`${stream.isTTY ? printable(masked) : masked}\n`);
  return failed ? 1 : 0;
}

/** The request as it would go out, its credentials masked; why there is none comes last. */
function describeDryRun({ plan, auth }: DryRun & { readonly ok: true }): string {
  const { certificate, problem } = auth ?? {};
  const notes = [
    ...(certificate === undefined ? [] : [`Client certificate: ${certificate}`]),
    ...(problem ? [`The call would not be sent (${problem.code}): ${problem.message}`, problem.hint] : []),
  ];
  return [describePlan(auth?.plan ?? plan), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

function describePlan(plan: RequestPlan): string {
  const headers = plan.headers.map(([name, value]) => `${name}: ${value}`);
  const body =
    plan.body === undefined ? [] : ['', typeof plan.body === 'string' ? plan.body : `(${plan.body.length} bytes)`];
  if (plan.url.startsWith('mcp:')) return [`tools/call to ${decodeURIComponent(plan.url)}`, ...body].join('\n');
  return [`${plan.method} ${plan.url}`, ...headers, ...body, '', toCurl(plan)].join('\n');
}

function textOf(result: { readonly content: readonly { readonly type: string; readonly text?: string }[] }): string {
  return result.content.map((part) => part.text ?? JSON.stringify(part)).join('\n');
}
