import { randomBytes } from 'node:crypto';
import type { AskPerson } from '../call/question.ts';
import type { Tool } from '../tool/types.ts';
import type { RememberedCall } from './memory.ts';
import type { ResumedCall } from './restore.ts';
import type { ModelCall, PendingApproval } from './types.ts';

/** Asks about calls by handing them back to the client, and knows what was decided about those that come again. */
export interface ApprovalDesk {
  confirmFor(call: ModelCall, tool: Tool): AskPerson | undefined;
  /** Calls that wait since this request. */
  readonly pending: readonly PendingApproval[];
  /** The same, as they have to be remembered. */
  readonly remembered: readonly RememberedCall[];
}

/**
 * `asksAlways`: the client has said that it can ask a person, so every call with consequences is handed back; otherwise only those
 * that must not go out unasked.
 */
export function createApprovalDesk(
  resumed: readonly ResumedCall[],
  { asksAlways, clientIdOf }: { readonly asksAlways: boolean; readonly clientIdOf: (call: ModelCall) => string },
): ApprovalDesk {
  const pending: PendingApproval[] = [];
  const remembered: RememberedCall[] = [];
  return {
    pending,
    remembered,
    confirmFor(call, tool) {
      if (!tool.confirmation || (tool.confirmation.cannotAsk === 'allow' && !asksAlways)) return undefined;
      const known = resumed.find(({ id, name }) => id === call.id && name === call.name);
      return async (question) => {
        if (known && !known.approved) return { kind: 'declined' };
        if (known) return { kind: (await question.redeem(known.state)) === 'good' ? 'accepted' : 'foreign' };
        const id = `apr_${randomBytes(9).toString('hex')}`;
        pending.push({ id, call, api: tool.api, message: question.text });
        remembered.push({
          approval: id,
          id: call.id,
          clientId: clientIdOf(call),
          name: call.name,
          arguments: call.arguments,
          state: await question.state(),
        });
        return { kind: 'asking' };
      };
    },
  };
}

/** What a person reads who has to decide. */
export function approvalNotice(pending: readonly PendingApproval[]): string {
  const ids = pending.map(({ id }) => id).join(' ');
  return [
    pending.length === 1
      ? 'This call needs your approval; nothing was sent:'
      : 'These calls need your approval; nothing was sent:',
    ...pending.map(({ message }) => `\n${message}`),
    `\nAnswer "approve ${ids}" or "decline ${ids}".`,
  ].join('\n');
}
