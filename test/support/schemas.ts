import fc from 'fast-check';

type Schema = { [keyword: string]: unknown };

/** Names as APIs have them: plain ones, and those that some vendor refuses. */
const NAMES = ['id', 'name', 'kind', 'value', '@type', '$top', 'filter[x]', 'with space', '2nd', 'größe', 'x.y'];

const described = (schema: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> =>
  fc
    .tuple(schema, fc.option(fc.constantFrom('Says what it is.', 'A word'), { nil: undefined }))
    .map(([inner, description]) => ({
      ...inner,
      ...(description === undefined ? {} : { description }),
    }));

const scalar: fc.Arbitrary<Schema> = fc.oneof(
  fc.constantFrom<Schema>(
    { type: 'string' },
    { type: 'integer' },
    { type: 'number' },
    { type: 'boolean' },
    { type: ['string', 'null'] },
    { type: ['string', 'integer'] },
    { type: 'string', minLength: 1 },
    { type: 'string', maxLength: 3 },
    { type: 'string', format: 'date' },
    { type: 'string', format: 'uri' },
    { type: 'string', pattern: '^[a-c]+$' },
    { type: 'string', pattern: '^(?!x)[a-c]+$' },
    { type: 'integer', minimum: 0, maximum: 9 },
    { type: 'number', exclusiveMinimum: 0 },
    { type: 'integer', multipleOf: 3 },
    { type: 'string', enum: ['a', 'b', ''] },
    { type: 'integer', enum: [1, 2, 3] },
    { type: ['string', 'null'], enum: ['a', null] },
    { enum: ['a', 1, true] },
    { enum: ['1', 1] },
    { const: 'only' },
    { const: 7 },
    { type: 'string', default: 'x', deprecated: true },
    { type: 'string', not: { const: 'no' } },
    { type: 'null' },
    { pattern: '^a' },
    {},
  ),
);

const object = (inner: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> =>
  fc
    .record({
      members: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), inner, fc.boolean()), {
        maxLength: 3,
        selector: ([name]) => name,
      }),
      closed: fc.constantFrom<unknown>(undefined, undefined, false, false, true, { type: 'string' }),
      least: fc.constantFrom(undefined, undefined, undefined, 1),
    })
    .map(({ members, closed, least }) => {
      const required = members.filter(([, , needed]) => needed).map(([name]) => name);
      return {
        type: 'object',
        properties: Object.fromEntries(members.map(([name, schema]) => [name, schema])),
        ...(required.length > 0 ? { required } : {}),
        ...(closed === undefined ? {} : { additionalProperties: closed }),
        ...(least === undefined ? {} : { minProperties: least }),
      };
    });

const component = fc
  .constantFrom('One', 'Two', 'Node')
  .map((name): Schema => ({ $ref: `#/components/schemas/${name}` }));

/** Schemas of OpenAPI 3.1 documents, three components deep at most, `Node` in itself. */
export const schemas = fc.letrec<{ schema: Schema; object: Schema }>((tie) => ({
  object: object(tie('schema')),
  schema: described(
    fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 5, arbitrary: scalar },
      { weight: 3, arbitrary: tie('object') },
      { weight: 2, arbitrary: component },
      { weight: 1, arbitrary: tie('schema').map((items) => ({ type: 'array', items, minItems: 1 })) },
      { weight: 1, arbitrary: tie('schema').map((values) => ({ type: 'object', additionalProperties: values })) },
      {
        weight: 1,
        arbitrary: fc.tuple(tie('schema'), tie('schema')).map((list) => ({ type: 'array', prefixItems: list })),
      },
      { weight: 2, arbitrary: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })) },
      { weight: 1, arbitrary: fc.tuple(tie('object'), tie('object')).map((oneOf) => ({ oneOf })) },
      { weight: 1, arbitrary: fc.tuple(tie('object'), tie('object')).map((allOf) => ({ allOf })) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie('object'), tie('object'), tie('object'))
          .map(([base, ...anyOf]) => ({ ...base, anyOf })),
      },
    ),
  ),
}));

/** The components that `schemas` refers to; none is a choice of itself, which no validator comes back from. */
export const components = fc
  .record({ One: fc.oneof(scalar, schemas.object), Two: schemas.object, extra: schemas.schema })
  .map(({ One, Two, extra }) => ({
    schemas: {
      One,
      Two,
      Node: {
        type: 'object',
        required: ['label'],
        properties: {
          label: { type: 'string' },
          next: { $ref: '#/components/schemas/Node' },
          all: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
          extra,
        },
      },
    },
  }));
