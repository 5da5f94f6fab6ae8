import type { CallToolResult } from '@modelcontextprotocol/server';
import type { CallOutcome } from '../bridge.ts';

export type Renderer = (outcome: CallOutcome) => CallToolResult | Promise<CallToolResult>;

/** `renderOutcome`, loaded by the first call. */
export function createRenderer(): Renderer {
  let render: ((outcome: CallOutcome) => CallToolResult) | undefined;
  return (outcome) => {
    if (render) return render(outcome);
    return import('./render-outcome.ts').then(({ renderOutcome }) => {
      render = renderOutcome;
      return renderOutcome(outcome);
    });
  };
}
