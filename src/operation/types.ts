/**
 * An Operation is plain data with every OpenAPI default applied. What a request needs on the wire (`…Wire` types) holds no
 * schema and no reference, so that it can be cached, compared and sent without the document. Schemas stay beside it as the
 * document's own nodes: they are converted once, when the tool is compiled.
 */

/** A schema as it stands in the document (any dialect). */
export type SchemaNode = unknown;

export interface Operation {
  readonly api: string;
  /** The document's operationId, if any. */
  readonly id?: string;
  /** As sent: upper case for standard methods, as written for 3.2 `additionalOperations`. */
  readonly method: string;
  /** The path template as written, e.g. `/pets/{id}`. */
  readonly path: string;
  readonly servers: readonly Server[];
  readonly summary?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  /** `x-openai-isConsequential` as declared; absent when not declared. */
  readonly consequential?: boolean;
  /** What our own exports say of the tool behind a route; absent elsewhere. */
  readonly hints?: StatedHints;
  readonly parameters: readonly Parameter[];
  readonly body?: RequestBody;
  readonly responses: readonly ResponseDescription[];
  /** OR of ANDs; `[]` and `[[]]` mean anonymous. */
  readonly security: readonly SecurityRequirement[][];
  readonly source: { readonly file: string; readonly pointer: string };
}

/** As MCP's annotations have it. */
export interface StatedHints {
  readonly readOnly: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly openWorld: boolean;
}

export interface Server {
  /** URL template, absolute, with `{variables}`; relative when the document's own URL is not known. */
  readonly url: string;
  readonly variables: { readonly [name: string]: { readonly default: string; readonly enum?: readonly string[] } };
}

export interface SecurityRequirement {
  readonly scheme: string;
  readonly scopes: readonly string[];
}

export interface Parameter {
  readonly wire: ParameterWire;
  readonly required: boolean;
  readonly description?: string;
  readonly deprecated: boolean;
  readonly schema: SchemaNode;
}

/** Delimiters of array values that only Swagger 2.0's collectionFormat and 3.x's query styles have. */
export type DelimitedStyle = 'spaceDelimited' | 'pipeDelimited' | 'tabDelimited';

/**
 * How a parameter is written (OAS 3.2 §4.12, Swagger 2.0 collectionFormat). A style that a location does not have cannot
 * be written down. `content` parameters carry text in a media type; `querystring` is the whole query.
 */
export type ParameterWire = { readonly name: string } & (
  | {
      readonly in: 'path';
      readonly style: 'simple' | 'label' | 'matrix' | DelimitedStyle;
      readonly explode: boolean;
      readonly allowReserved: boolean;
    }
  | {
      readonly in: 'query';
      readonly style: 'form' | 'deepObject' | DelimitedStyle;
      readonly explode: boolean;
      readonly allowReserved: boolean;
      readonly allowEmptyValue: boolean;
    }
  | { readonly in: 'header'; readonly style: 'simple' | DelimitedStyle; readonly explode: boolean }
  | {
      readonly in: 'cookie';
      readonly style: 'form' | 'cookie';
      readonly explode: boolean;
      readonly allowReserved: boolean;
    }
  | { readonly in: 'path'; readonly style: 'content'; readonly mediaType: string }
  | { readonly in: 'query'; readonly style: 'content'; readonly mediaType: string }
  | { readonly in: 'header'; readonly style: 'content'; readonly mediaType: string }
  | { readonly in: 'cookie'; readonly style: 'content'; readonly mediaType: string }
  | { readonly in: 'querystring'; readonly style: 'content'; readonly mediaType: string; readonly fields: Fields }
);

export interface RequestBody {
  readonly required: boolean;
  readonly description?: string;
  /** Most useful first: JSON, then form, multipart, the rest as written. Never empty. */
  readonly choices: readonly BodyChoice[];
}

export interface BodyChoice {
  readonly wire: BodyWire;
  readonly schema: SchemaNode;
}

/** How a body is encoded. `mediaType` is sent exactly as the document writes it (multipart gains its boundary). */
export type BodyWire = { readonly mediaType: string } & (
  | { readonly encoding: 'json' }
  /** JSON text sequences: application/jsonl, x-ndjson, json-seq (3.2 `itemSchema`); the value is an array. */
  | { readonly encoding: 'json-lines' }
  | { readonly encoding: 'text' }
  | { readonly encoding: 'bytes' }
  | { readonly encoding: 'form'; readonly fields: Fields }
  | { readonly encoding: 'multipart'; readonly fields: Fields }
  | { readonly encoding: 'xml'; readonly root: XmlShape; readonly definitions: { readonly [id: string]: XmlShape } }
);

/** Property name → how it goes into a form or a multipart body. Properties not listed are written by the defaults of their value. */
export type Fields = { readonly [property: string]: Field };

export interface Field {
  /** What one value is: text as it is, JSON, or bytes (`format: binary`, `contentEncoding: base64`). */
  readonly value: 'text' | 'json' | 'bytes';
  /** The property is an array whose items are `value` each. */
  readonly array: boolean;
  /** `encoding.contentType` as written (possibly a comma-separated list), when declared. */
  readonly contentType?: string;
  /** Present when `encoding` names style, explode or allowReserved: then RFC 6570 rules by style replace the defaults. */
  readonly style?: {
    readonly style: 'form' | 'deepObject' | DelimitedStyle;
    readonly explode: boolean;
    readonly allowReserved: boolean;
  };
  /** Fixed part headers (`encoding.headers` with a default, const or single enum value). Multipart only. */
  readonly headers?: { readonly [name: string]: string };
}

/** How a value becomes XML (OAS 3.2 XML Object; 3.0/3.1 `attribute` and `wrapped` are mapped onto it). */
export interface XmlShape {
  /** Element or attribute name; absent: the property's name, or the root's component name. */
  readonly name?: string;
  readonly namespace?: string;
  readonly prefix?: string;
  readonly nodeType: 'element' | 'attribute' | 'text' | 'cdata' | 'none';
  /** For arrays: an element around the items. */
  readonly wrapped?: boolean;
  readonly properties?: { readonly [property: string]: XmlShape };
  readonly items?: XmlShape;
  /** Shape is `definitions[ref]`, with the members given here taking precedence. */
  readonly ref?: string;
}

export interface ResponseDescription {
  /** `200`, `2XX`, `default`. */
  readonly status: string;
  readonly description?: string;
  readonly content: readonly { readonly mediaType: string; readonly schema: SchemaNode }[];
}
