/** What a plugin manifest or a GPT says about its API besides the document: texts as a person sees them, links as written. */
export interface ActionInfo {
  readonly origin: 'manifest' | 'gpt';
  /** As the model knows it (`name_for_model`), made fit for a server's name. */
  readonly name?: string;
  /** As people know it. */
  readonly title?: string;
  readonly description?: string;
  /** What the model is told: `description_for_model`, or a GPT's instructions. */
  readonly instructions?: string;
  readonly iconUrl?: string;
  /** Legal information or privacy policy. */
  readonly websiteUrl?: string;
  readonly contactEmail?: string;
  readonly starters: readonly string[];
}

/** Where the document of an action is. */
export type ActionDocument =
  | { readonly kind: 'url'; readonly url: string }
  /** `host` is what servers fall back to. */
  | { readonly kind: 'text'; readonly text: string; readonly host?: string }
  | { readonly kind: 'unknown' };

/** One document that a manifest or a GPT stands for. */
export interface ActionEntry {
  readonly info: ActionInfo;
  readonly document: ActionDocument;
  /** The record of its editor or manifest; absent when there is none, or when it says nothing. */
  readonly auth?: { readonly [key: string]: unknown };
  /** What tells the entries of one GPT apart: the action's domain. */
  readonly label?: string;
  /** JSON pointer of the document, or of what names it. */
  readonly pointer: string;
}
