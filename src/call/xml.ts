import type { XmlShape } from '../operation/types.ts';
import { textOf } from './serialize.ts';

export interface XmlDocumentShape {
  readonly root: XmlShape;
  readonly definitions: { readonly [id: string]: XmlShape };
}

/** A value as XML text (OAS 3.2 §4.26): attributes, namespaces, prefixes, wrapped arrays, text nodes; null is xsi:nil. Throws RangeError for characters XML 1.0 cannot hold. */
export function encodeXml(value: unknown, shape: XmlDocumentShape): string {
  return element(value, resolve(shape.root, shape), shape.root.name ?? 'root', shape);
}

/** A shape with its definition's members under its own. */
function resolve(shape: XmlShape, document: XmlDocumentShape): XmlShape {
  if (shape.ref === undefined) return shape;
  const { ref: _, ...definition } = document.definitions[shape.ref] ?? { nodeType: 'element' as const };
  const { ref: __, ...own } = shape;
  return { ...definition, ...own };
}

function element(value: unknown, shape: XmlShape, fallback: string, document: XmlDocumentShape): string {
  const name = qualified(shape, shape.name ?? fallback);
  const declaration =
    shape.namespace === undefined
      ? ''
      : ` ${shape.prefix ? `xmlns:${shape.prefix}` : 'xmlns'}="${escapeAttribute(shape.namespace)}"`;
  if (value === null)
    return `<${name}${declaration} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`;
  const { attributes, content } = Array.isArray(value)
    ? { attributes: '', content: items(value, shape, shape.name ?? fallback, document) }
    : inside(value, shape, document);
  return content === ''
    ? `<${name}${declaration}${attributes}/>`
    : `<${name}${declaration}${attributes}>${content}</${name}>`;
}

function inside(value: unknown, shape: XmlShape, document: XmlDocumentShape): { attributes: string; content: string } {
  if (typeof value !== 'object' || value === null) return { attributes: '', content: escapeText(textOf(value)) };
  let attributes = '';
  let content = '';
  for (const [property, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const known =
      shape.properties && Object.hasOwn(shape.properties, property) ? shape.properties[property] : undefined;
    const inner = resolve(known ?? { nodeType: 'element' }, document);
    if (inner.nodeType === 'attribute') attributes += attribute(member, inner, property);
    else content += node(member, inner, property, document);
  }
  return { attributes, content };
}

function node(value: unknown, shape: XmlShape, name: string, document: XmlDocumentShape): string {
  if (shape.nodeType === 'text') return escapeText(textOf(value));
  if (shape.nodeType === 'cdata') return `<![CDATA[${checked(textOf(value)).replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
  if (shape.nodeType === 'none' && !Array.isArray(value)) return inside(value, shape, document).content;
  if (!Array.isArray(value) || shape.wrapped) return element(value, shape, name, document);
  return items(value, shape, name, document);
}

/** OAS 3.0 §XML Object: the items' own name, else the property's. An unwrapped array's name is ignored. */
function items(values: readonly unknown[], shape: XmlShape, name: string, document: XmlDocumentShape): string {
  const item = resolve(shape.items ?? { nodeType: 'element' }, document);
  return values.map((value) => node(value, item, item.name ?? name, document)).join('');
}

function attribute(value: unknown, shape: XmlShape, fallback: string): string {
  if (value === null) return '';
  const declaration =
    shape.namespace !== undefined && shape.prefix ? ` xmlns:${shape.prefix}="${escapeAttribute(shape.namespace)}"` : '';
  const text = Array.isArray(value) ? value.map(textOf).join(' ') : textOf(value);
  return `${declaration} ${qualified(shape, shape.name ?? fallback)}="${escapeAttribute(text)}"`;
}

/** XML 1.0 §2.3: what is no name character becomes `_`. */
function qualified(shape: XmlShape, name: string): string {
  const local = name.replace(/[^\p{L}\p{N}_.\-·]/gu, '_').replace(/^(?![\p{L}_])/u, '_');
  return shape.prefix ? `${shape.prefix}:${local}` : local;
}

/** XML 1.0 §2.2: characters that cannot stand in a document at all. */
function checked(text: string): string {
  if (
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(
      text,
    )
  )
    throw new RangeError('holds characters that XML cannot');
  return text;
}

function escapeText(text: string): string {
  return checked(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
