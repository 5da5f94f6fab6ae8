import type { Diagnostic } from '../../diagnostic.ts';
import { appendKey } from '../../spec/references.ts';

/** What the GPT editor would say to a document; the hint is how to mend it. */
export interface EditorFinding extends Diagnostic {
  /** What ChatGPT would do. */
  readonly effect: string;
  /** Whether the message is the editor's own, as it has been quoted; else it is ours. */
  readonly quoted: boolean;
}

/** Limits of the GPT editor: the documented ones, and the number of operations, which its importer names. */
export const EDITOR_LIMITS = { operations: 30, operationText: 300, parameterText: 700, characters: 1_000_000 } as const;

export type Keys = readonly string[];

/** The rules of the editor that have been seen, each with what ChatGPT does about it. One row a rule. */
const RULES = {
  'gpt-version': {
    severity: 'warning',
    effect: 'Since August 2026 the editor refuses other versions; plugins and older GPTs were taken with 3.0',
    hint: 'Write openapi: 3.1.0',
    quoted: true,
  },
  'gpt-operations': {
    severity: 'error',
    effect: 'The import is refused',
    hint: 'Split the document, or let --fix do it: sets of at most 30, by tag',
    quoted: true,
  },
  'gpt-server-missing': {
    severity: 'error',
    effect: 'The import is refused: ChatGPT calls one absolute https URL',
    hint: 'Write one server with an https URL',
    quoted: true,
  },
  'gpt-servers': {
    severity: 'warning',
    effect: 'The other servers are never called',
    hint: 'Keep one server',
    quoted: true,
  },
  'gpt-hostname': {
    severity: 'warning',
    effect: 'That server is dropped: what is only there is called on the first one',
    hint: 'Keep one host; what is on another one is an action set of its own',
    quoted: true,
  },
  'gpt-domain': {
    severity: 'error',
    effect: 'A GPT takes one action set for each domain',
    hint: 'Put them into one document, or into several GPTs',
    quoted: true,
  },
  'gpt-operation-text': {
    severity: 'error',
    effect: 'The import is refused',
    hint: 'Say it in 300 characters',
    quoted: true,
  },
  'gpt-parameter-text': {
    severity: 'error',
    effect: 'The documented limit is 700 characters',
    hint: 'Say it in 700 characters',
    quoted: false,
  },
  'gpt-operation-id': {
    severity: 'error',
    effect: 'The operation is not offered',
    hint: 'Give it an operationId',
    quoted: true,
  },
  'gpt-operation-id-twice': {
    severity: 'error',
    effect: 'Only one of the operations can be called',
    hint: 'Give each operation its own operationId',
    quoted: false,
  },
  'gpt-method': {
    severity: 'warning',
    effect: 'The operation is not offered',
    hint: 'Leave it out: ChatGPT calls get, post, put, patch and delete',
    quoted: true,
  },
  'gpt-path-reference': {
    severity: 'error',
    effect: 'References of path items are not followed: its operations are not offered',
    hint: 'Write the path item where it is used',
    quoted: false,
  },
  'gpt-parameter-name': {
    severity: 'warning',
    effect: 'The parameter is dropped: references in parameters are not followed',
    hint: 'Write the parameter where it is used',
    quoted: true,
  },
  'gpt-parameter-location': {
    severity: 'warning',
    effect: 'The parameter is never sent',
    hint: 'Leave it out, or serve the operation through the bridge: actionbridge export gpt-action',
    quoted: true,
  },
  'gpt-parameter-twice': {
    severity: 'warning',
    effect: 'Parameters and properties of the body share one list of names',
    hint: 'Rename one of them, or serve the operation through the bridge: actionbridge export gpt-action',
    quoted: true,
  },
  'gpt-body': {
    severity: 'warning',
    effect: 'The body is dropped',
    hint: 'Describe an object, or serve the operation through the bridge: actionbridge export gpt-action',
    quoted: true,
  },
  'gpt-body-type': {
    severity: 'warning',
    effect: 'ChatGPT sends JSON, so the API gets a body it does not know',
    hint: 'Offer application/json, or serve the operation through the bridge: actionbridge export gpt-action',
    quoted: false,
  },
  'gpt-function': {
    severity: 'error',
    effect: 'The operation is not offered',
    hint: 'Mend what is named above for this operation',
    quoted: true,
  },
  'gpt-schemas': {
    severity: 'warning',
    effect: 'The editor complains until the member is there',
    hint: 'Write components: { schemas: {} }',
    quoted: true,
  },
  'gpt-circular': {
    severity: 'error',
    effect: 'The import is refused',
    hint: 'Write a free-form object where the circle closes',
    quoted: true,
  },
  'gpt-component': {
    severity: 'warning',
    effect: 'Any value is taken there, and a body is no object any more',
    hint: 'Correct the reference: only #/components/schemas/… is followed',
    quoted: true,
  },
  'gpt-object': {
    severity: 'warning',
    effect: 'ChatGPT sees an object without anything in it',
    hint: 'List the properties, or write properties: {}',
    quoted: true,
  },
  'gpt-free-form': {
    severity: 'info',
    effect: 'ChatGPT refuses arguments that are not declared (UnrecognizedKwargsError), so this stays empty',
    hint: 'Declare the properties, or take JSON as a string',
    quoted: false,
  },
  'gpt-security': {
    severity: 'warning',
    effect: 'One is used for every operation',
    hint: 'Keep one security scheme',
    quoted: true,
  },
  'gpt-security-kind': {
    severity: 'info',
    effect:
      'An action is authorized by an API key in a header, by a bearer or basic token, or by OAuth (authorization code)',
    hint: 'Choose one of these in the editor if the API takes it',
    quoted: false,
  },
  'gpt-oauth-domain': {
    severity: 'info',
    effect: "The editor takes OAuth endpoints of the API's own domain, and of Google, Microsoft and Adobe",
    hint: 'Serve the operations through the bridge, which signs in itself: actionbridge export gpt-action',
    quoted: false,
  },
  'gpt-size': {
    severity: 'info',
    effect: 'Builders report that the editor refuses documents of about 1 MB',
    hint: 'Leave out answers and operations that the GPT does not need',
    quoted: false,
  },
} as const satisfies { readonly [code: string]: Omit<EditorFinding, 'code' | 'file' | 'pointer' | 'message'> };

export type EditorRule = keyof typeof RULES;

export type Say = (rule: EditorRule, keys: Keys, message: string) => void;

/** Collects findings about one document. */
export function createFindings(file: string): { readonly findings: readonly EditorFinding[]; readonly say: Say } {
  const findings: EditorFinding[] = [];
  const say: Say = (code, keys, message) =>
    findings.push({ ...RULES[code], code, file, pointer: keys.reduce(appendKey, ''), message });
  return { findings, say };
}
