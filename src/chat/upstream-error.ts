import { type Json, numberOf, recordOf, textOf } from './lenient.ts';

/** The model provider said no, or broke off in the middle of an answer. */
export class UpstreamRefused extends Error {
  /** HTTP's, or what stands for it when the refusal came inside a stream. */
  readonly status: number;
  /** OpenAI's error object, or whatever the provider sent, verbatim. */
  readonly body: Json;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, body: Json, headers: { readonly [name: string]: string } = {}) {
    super(messageOf(body) || `The model provider answered HTTP ${status}`);
    this.name = 'UpstreamRefused';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }

  /** OpenAI's error object in it: `{ message, type, param, code }`; empty when there is none. */
  get error(): Json {
    return errorIn(this.body);
  }
}

/** The error object of a body: OpenAI's and Ollama's `error`, Gemini's list of one, Anthropic's, vLLM's bare one. */
export function errorIn(body: unknown): Json {
  const record = recordOf(Array.isArray(body) ? body[0] : body);
  const { error } = record;
  if (typeof error === 'string') return { message: error };
  if (typeof error === 'object' && error !== null) return recordOf(error);
  return typeof record['message'] === 'string' ? record : {};
}

/** What stands for HTTP's status in an error that came inside a good answer. */
export function statusIn(body: unknown): number {
  const { code, status } = errorIn(body);
  const told = numberOf(code) ?? numberOf(status);
  return told !== undefined && told >= 400 && told < 600 ? told : 502;
}

function messageOf(body: Json): string {
  return textOf(errorIn(body)['message']);
}
