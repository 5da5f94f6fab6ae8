import type { WantedLogin } from '../auth/missing.ts';
import type { Bridge } from '../bridge.ts';
import type { Caller } from '../config/http-types.ts';
import { BridgeError } from '../errors.ts';
import type { ToolSource } from '../mcp/server.ts';
import type { WindowLimit, WindowStore } from '../store/types.ts';
import { glob } from '../tool/filter.ts';
import { isSafeMethod } from '../tool/hints.ts';
import { createRegistry, type Registry } from '../tool/registry.ts';
import type { Tool } from '../tool/types.ts';

export interface ViewOptions {
  readonly windows: WindowStore;
  /** The caller's browser is on this machine. */
  readonly logins: boolean;
}

/**
 * The bridge as one caller may use it: only permitted tools are listed, calls carry its principal. A call of another tool
 * ends in NOT_PERMITTED, one too many in RATE_LIMITED; an unknown tool throws TOOL_UNKNOWN as the bridge does.
 */
export function viewFor(bridge: ToolSource, caller: Caller, options: ViewOptions): ToolSource {
  const registryOf = createFilter(caller);
  const { principal, rate } = caller;
  const whose = principal === undefined ? {} : { principal };
  const logins = options.logins ? bridge.logins : undefined;
  const { prompts } = bridge;
  const maySee = serversOf(caller);

  async function admit(tool: Tool): Promise<BridgeError | undefined> {
    if (!permits(caller, tool))
      return new BridgeError('NOT_PERMITTED', `This token does not permit the tool ${tool.name}`);
    if (!rate) return undefined;
    const taken = await options.windows.take(JSON.stringify(['caller', principal ?? null]), rate);
    return taken.taken ? undefined : overRate(rate, taken.waitMs);
  }

  return {
    get registry() {
      return registryOf(bridge.registry);
    },
    get apis() {
      return bridge.apis;
    },
    resources: {
      list: () => bridge.resources.list(principal, maySee),
      templates: () => bridge.resources.templates(maySee),
      read: (asked) => bridge.resources.read(asked, principal, maySee),
      watch: (uri, onUpdated) => bridge.resources.watch(uri, onUpdated, maySee),
    },
    ...(logins ? { logins: { ...logins, start: (wanted: WantedLogin) => logins.start({ ...wanted, ...whose }) } } : {}),
    ...(prompts
      ? {
          prompts: {
            list: () => prompts.list(maySee),
            get: (asked) => prompts.get(asked, maySee),
            complete: (request) => prompts.complete(request, maySee),
          },
        }
      : {}),
    call: isOpen(caller)
      ? (name, args, given) => bridge.call(name, args, { ...given, ...whose })
      : async (name, args, given) => {
          const tool = bridge.registry.get(name);
          const refusal = tool && (await admit(tool));
          return bridge.call(name, args, { ...given, ...whose, ...(refusal ? { refusal } : {}) });
        },
  };
}

/** A caller of some tools alone sees what else a server has only if it may call all of its tools. */
function serversOf({ tools }: Caller): ((server: string) => boolean) | undefined {
  return tools && ((server) => tools.some((pattern) => pattern.endsWith('*') && glob(pattern, `${server}_`)));
}

/** A document's word is not enough for what goes out as a write. */
function isReadOnly({ hints, remote, request }: Tool): boolean {
  return hints.readOnly && (remote !== undefined || isSafeMethod(request.method));
}

/** Whether the caller may see and call the tool. */
export function permits({ tools, readOnly }: Caller, tool: Tool): boolean {
  if (readOnly && !isReadOnly(tool)) return false;
  return tools === undefined || tools.some((pattern) => glob(pattern, tool.name));
}

function isOpen({ tools, readOnly, rate }: Caller): boolean {
  return tools === undefined && readOnly !== true && rate === undefined;
}

/** The caller's part of a registry, made once for each snapshot. */
function createFilter(caller: Caller): (registry: Bridge['registry']) => Registry {
  if (caller.tools === undefined && caller.readOnly !== true) return (registry) => registry;
  const made = new WeakMap<Registry, Registry>();
  return (registry) => {
    let part = made.get(registry);
    if (!part) {
      part = createRegistry(registry.tools.filter((tool) => permits(caller, tool)));
      made.set(registry, part);
    }
    return part;
  };
}

function overRate({ calls, windowMs }: WindowLimit, waitMs: number): BridgeError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new BridgeError(
    'RATE_LIMITED',
    `This token allows ${calls} calls in ${windowMs / 1000} s; the next one may go in ${seconds} s`,
    { retryable: true, retryAfterSeconds: seconds },
  );
}
