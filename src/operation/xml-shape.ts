import { own } from '../spec/references.ts';
import type { References } from '../spec/types.ts';
import { asObject, asString } from './reading.ts';
import { type SchemaView, viewSchema } from './schema-view.ts';
import type { SchemaNode, XmlShape } from './types.ts';

const NODE_TYPES = ['element', 'attribute', 'text', 'cdata', 'none'] as const;

/** How values of a schema become XML (OAS 3.2 §4.26). Recursive schemas become shared definitions. */
export function readXmlShape(
  references: References,
  schema: SchemaNode,
): { root: XmlShape; definitions: Record<string, XmlShape> } {
  const definitions: Record<string, XmlShape> = Object.create(null);
  const ids = new Map<object, string>();
  const root = read(schema);
  const view = viewSchema(references, schema);
  return {
    root: {
      ...root,
      name: root.name ?? (root.ref === undefined ? undefined : definitions[root.ref]?.name) ?? view.component ?? 'root',
    },
    definitions,
  };

  function read(written: SchemaNode): XmlShape {
    const view = viewSchema(references, written);
    if (view.properties.size === 0 && !isReference(view.items)) return shapeOf(view);
    const known = ids.get(view.node);
    if (known !== undefined) return { ...naming(view), ref: known };
    const id = String(ids.size);
    ids.set(view.node, id);
    definitions[id] = shapeOf(view);
    return { ...naming(view), ref: id };
  }

  function shapeOf(view: SchemaView): XmlShape {
    const properties: Record<string, XmlShape> = Object.create(null);
    for (const [name, value] of view.properties) properties[name] = read(value);
    return {
      ...naming(view),
      ...(view.properties.size > 0 ? { properties } : {}),
      ...(view.items === undefined ? {} : { items: read(view.items) }),
    };
  }
}

/** Only through references can a schema contain itself. */
function isReference(schema: SchemaNode): boolean {
  return typeof own(asObject(schema) ?? {}, '$ref') === 'string';
}

function naming(view: SchemaView): XmlShape {
  const xml = asObject(own(view.node, 'xml')) ?? {};
  const [name, namespace, prefix] = ['name', 'namespace', 'prefix'].map((key) => asString(own(xml, key)));
  const asked = asString(own(xml, 'nodeType'));
  const wrapped = own(xml, 'wrapped') === true || (asked === 'element' && view.types.includes('array'));
  return {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(prefix === undefined ? {} : { prefix }),
    nodeType: NODE_TYPES.find((type) => type === asked) ?? (own(xml, 'attribute') === true ? 'attribute' : 'element'),
    ...(wrapped ? { wrapped } : {}),
  };
}
