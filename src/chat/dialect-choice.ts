import type { Asked } from './asked.ts';
import { recordOf, textOf } from './lenient.ts';
import type { DialectName } from './types.ts';
import type { UpstreamRefused } from './upstream-error.ts';

export type DialectSetting = 'auto' | DialectName;

export interface DialectChoice {
  /** In which dialect a request goes out. `withTools`: there are functions in it. */
  choose(asked: Asked, withTools: boolean): DialectName;
  /** Whether a refusal says that the other dialect is the right one; it is remembered for the model. */
  learn(asked: Asked, tried: DialectName, refusal: UpstreamRefused): boolean;
}

/** Models are remembered at most so many; a provider has less. */
const MAX_MODELS = 1_000;

/**
 * The dialect for each model. OpenAI's newer models refuse functions on Chat Completions unless their reasoning is off; most other
 * providers speak only Chat. What is not known is tried, and the refusal tells.
 */
export function createDialectChoice(settingFor: (model: string) => DialectSetting, baseUrl: string): DialectChoice {
  const learned = new Map<string, DialectName>();
  const isOpenAi = /(?:^|\.)(?:openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com)$/.test(
    new URL(baseUrl.replaceAll('{model}', 'model')).hostname,
  );
  /** Chat requests with functions and those without, and Responses requests, are answered differently for one model. */
  const keyOf = ({ dialect, model, body }: Asked) => `${dialect} ${model} ${effortOf(body) === 'none'}`;
  return {
    choose(asked, withTools) {
      const setting = settingFor(asked.model);
      if (setting !== 'auto') return setting;
      const known = learned.get(keyOf(asked));
      if (asked.dialect === 'responses') return known ?? 'responses';
      if (!withTools || !isConvertible(asked)) return 'chat';
      return known ?? (isOpenAi && needsResponses(asked) ? 'responses' : 'chat');
    },
    learn(asked, tried, refusal) {
      if (settingFor(asked.model) !== 'auto' || !isConvertible(asked)) return false;
      const other = tried === 'chat' ? wantsResponses(refusal) : lacksResponses(refusal);
      if (!other) return false;
      if (learned.size >= MAX_MODELS) learned.delete(learned.keys().next().value!);
      learned.set(keyOf(asked), tried === 'chat' ? 'responses' : 'chat');
      return true;
    },
  };
}

/** Some of Chat has no place in Responses. */
function isConvertible({ dialect, body }: Asked): boolean {
  if (dialect === 'responses') return true;
  const spoken = Array.isArray(body['modalities']) && body['modalities'].includes('audio');
  return !spoken && body['audio'] === undefined && body['web_search_options'] === undefined;
}

function effortOf(body: Asked['body']): string {
  return textOf(body['reasoning_effort']) || textOf(recordOf(body['reasoning'])['effort']);
}

/** gpt-5.4 and 5.5 refuse when an effort is set, later ones also when it is absent. */
function needsResponses({ model, body }: Asked): boolean {
  const effort = effortOf(body);
  if (effort === 'none') return false;
  const [, major, minor = '0'] = /^gpt-(\d+)(?:\.(\d+))?/.exec(model.replace(/^openai\//, '')) ?? [];
  if (major === undefined) return false;
  const version = Number(major) * 100 + Number(minor);
  return version >= 506 || (version >= 504 && effort !== '');
}

/** "Function tools with reasoning_effort are not supported for … use /v1/responses"; models that exist nowhere else. */
function wantsResponses({ status, error }: UpstreamRefused): boolean {
  const message = textOf(error['message']);
  if (status !== 400 && status !== 404) return false;
  return /\/v1\/responses|only (?:supported|available) in (?:the )?v1\/responses|Responses API/i.test(message);
}

/** No such route; a model that does not exist is another matter. */
function lacksResponses({ status, error }: UpstreamRefused): boolean {
  const message = textOf(error['message']);
  if (/model|previous[_ ]response|item/i.test(`${String(error['code'])} ${message}`) && !/responses api/i.test(message))
    return false;
  if (status === 404 || status === 405 || status === 501) return true;
  return (
    status === 400 &&
    /responses api|unsupported (?:endpoint|path|operation)|unknown (?:endpoint|url|path)/i.test(message)
  );
}
