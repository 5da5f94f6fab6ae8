import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../src/call/validate.ts';
import { type DialectName, exportTool } from '../../../src/tool/export/index.ts';
import type { InputSchema, JsonSchema, Tool } from '../../../src/tool/types.ts';
import { compileDocument, withBody } from '../../support/documents.ts';

/** A tool with this input, as one from another MCP server may be. */
function toolOf(input: object, changes: Partial<Tool> = {}): Tool {
  return {
    name: 'x',
    title: 'x',
    description: 'Does x.',
    input: input as InputSchema,
    hints: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
    api: 'test',
    request: {
      operation: 'x',
      method: 'GET',
      path: '/x',
      servers: [],
      parameters: [],
      accept: [],
      security: [],
      deprecated: false,
      tags: [],
    },
    bindings: [],
    ...changes,
  };
}

/** A tool with the one argument `a`. */
function toolWith(schema: object, required = true, more: object = {}): Tool {
  return toolOf({
    type: 'object',
    properties: { a: schema },
    ...(required ? { required: ['a'] } : {}),
    additionalProperties: false,
    ...more,
  });
}

function exportedArgument(dialect: DialectName, tool: Tool): { schema: JsonSchema; codes: string[] } {
  const { parameters, warnings } = exportTool(dialect, tool);
  const schema = (parameters?.['properties'] as { [name: string]: JsonSchema } | undefined)?.['a'] ?? {};
  return { schema, codes: warnings.map(({ code }) => code) };
}

const NODE = {
  $defs: {
    Node: {
      type: 'object',
      properties: { label: { type: 'string' }, next: { $ref: '#/$defs/Node' } },
      required: ['label'],
    },
  },
};

describe('openai', () => {
  it.each<{ rule: string; given: object; required?: boolean; schema: object; codes?: string[]; more?: object }>([
    { rule: 'keeps what strict mode has', given: { type: 'string' }, schema: { type: 'string' } },
    {
      rule: 'makes what is optional required and nullable',
      given: { type: 'string' },
      required: false,
      schema: { type: ['string', 'null'] },
      codes: ['optional-as-null'],
    },
    {
      rule: 'adds null to the values of an optional enum',
      given: { enum: ['a', 'b'] },
      required: false,
      schema: { type: ['string', 'null'], enum: ['a', 'b', null] },
      codes: ['optional-as-null'],
    },
    {
      rule: 'closes objects, and says so where the schema does not',
      given: { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] },
      schema: { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'], additionalProperties: false },
      codes: ['closed-object'],
    },
    {
      rule: 'puts a union of null beside an optional object',
      given: { type: 'object', properties: {}, additionalProperties: false },
      required: false,
      schema: {
        anyOf: [{ type: 'object', properties: {}, required: [], additionalProperties: false }, { type: 'null' }],
      },
      codes: ['optional-as-null'],
    },
    {
      rule: 'says in words what strict mode has no keyword for',
      given: { type: 'string', minLength: 2, maxLength: 5, description: 'A code.', default: 'ab' },
      schema: { type: 'string', description: 'A code. (at least 2 characters; at most 5 characters; default "ab")' },
      codes: ['constraint-in-description', 'constraint-in-description'],
    },
    {
      rule: 'keeps the formats and patterns that strict mode knows',
      given: { type: 'string', format: 'date-time', pattern: '^2' },
      schema: { type: 'string', format: 'date-time', pattern: '^2' },
    },
    {
      rule: 'says other formats and look-around patterns in words',
      given: { type: 'string', format: 'uri', pattern: '^(?!x)' },
      schema: { type: 'string', description: '(must match ^(?!x); format uri)' },
      codes: ['constraint-in-description', 'constraint-in-description'],
    },
    {
      rule: 'asks for maps as JSON text',
      given: { type: 'object', additionalProperties: { type: 'string' }, description: 'Labels.' },
      schema: {
        type: 'string',
        description: 'Labels. (JSON text: object that fits {"type":"object","additionalProperties":{"type":"string"}})',
      },
      codes: ['json-text'],
    },
    {
      rule: 'asks for any value as JSON text',
      given: {},
      schema: { type: 'string', description: '(JSON text: any value)' },
      codes: ['json-text'],
    },
    {
      rule: 'turns oneOf into anyOf',
      given: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
      schema: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
      codes: ['one-of'],
    },
    {
      rule: 'puts what stands beside a union into its branches',
      given: {
        type: 'object',
        properties: { b: { type: 'string' } },
        required: ['b'],
        additionalProperties: { type: 'integer' },
        anyOf: [{ properties: { c: { const: 1 } }, required: ['c'], additionalProperties: false }],
      },
      schema: { type: 'object', properties: { c: { type: 'number', enum: [1] } } },
    },
    {
      rule: 'says in words which members are needed together',
      given: {
        type: 'object',
        properties: { b: { type: 'string' }, c: { type: 'string' } },
        additionalProperties: false,
        anyOf: [{ required: ['b'] }, { required: ['c'] }],
      },
      schema: { description: '(needs b, or c)', properties: { b: { type: ['string', 'null'] } }, required: ['b', 'c'] },
    },
    {
      rule: 'says conditions in words, with what follows, and keeps the members they declare',
      given: {
        type: 'object',
        properties: { b: { type: 'string' } },
        required: ['b'],
        if: { properties: { b: { const: 'x' } } },
        then: { properties: { c: { type: 'string' } } },
      },
      schema: {
        properties: { b: { type: 'string' }, c: { type: ['string', 'null'] } },
        description:
          '(JSON Schema {"if":{"properties":{"b":{"const":"x"}}},"then":{"properties":{"c":{"type":"string"}}}})',
      },
    },
    {
      rule: 'keeps recursion under $defs, with nothing beside a reference',
      given: { $ref: '#/$defs/Node', description: 'The first.' },
      more: NODE,
      schema: { anyOf: [{ $ref: '#/$defs/Node' }], description: 'The first.' },
    },
    {
      rule: 'keeps the null of a union within a union',
      given: { anyOf: [{ anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] }, { type: 'boolean' }] },
      schema: { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'boolean' }, { type: 'null' }] },
    },
    {
      rule: 'makes one array of equal places, and JSON text of others',
      given: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false },
      schema: { type: 'array', items: { type: 'number' }, maxItems: 2 },
    },
    {
      rule: 'takes arrays without items to hold any value',
      given: { type: 'array' },
      schema: { type: 'array', items: { type: 'string' } },
    },
  ])('$rule', ({ given, required = true, schema, codes, more }) => {
    const tool = toolWith(given, required, more);
    const exported = exportedArgument('openai', tool);
    expect(exportTool('openai', tool).strict).toBe(true);
    expect(exported.schema).toMatchObject(schema);
    if (codes) expect(exported).toEqual({ schema, codes });
  });

  it.each<{ why: string; input: object }>([
    {
      why: 'null and leaving it out could not be told apart',
      input: { properties: { a: { type: ['string', 'null'] } } },
    },
    {
      why: 'null and leaving it out could not be told apart',
      input: {
        properties: { a: { $ref: '#/$defs/N' } },
        $defs: { N: { anyOf: [{ type: 'null' }, { type: 'object', properties: { b: {} } }] } },
      },
    },
    {
      why: 'members that the schema does not name could not be given',
      input: {
        properties: { a: { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: true } },
      },
    },
    { why: '11 levels of at most 10', input: { properties: { a: nested(10) } } },
    {
      why: '1001 enum values of at most 1000',
      input: { properties: { a: { enum: Array.from({ length: 1_001 }, (_, index) => index) } }, required: ['a'] },
    },
    {
      why: '15500 characters in an enum of more than 250 values of at most 15000',
      input: {
        properties: { a: { enum: Array.from({ length: 310 }, (_, index) => String(index).padStart(50, '0')) } },
        required: ['a'],
      },
    },
    {
      why: '5001 properties of at most 5000',
      input: {
        properties: Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`p${index}`, { type: 'boolean' }])),
      },
    },
    {
      why: '120006 characters of names, enums and constants of at most 120000',
      input: {
        properties: Object.fromEntries(
          ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, { const: 'x'.repeat(20_000) }]),
        ),
      },
    },
  ])('is not strict where $why', ({ why, input }) => {
    const tool = toolOf({ type: 'object', additionalProperties: false, ...input });
    const exported = exportTool('openai', tool);
    expect(exported.strict).toBe(false);
    expect(exported.parameters).toEqual(tool.input);
    expect(exported.warnings).toContainEqual(
      expect.objectContaining({ code: 'not-strict', message: `Not strict: ${why}` }),
    );
  });

  it('has its definitions under function, and responses beside the type', () => {
    const tool = toolWith({ type: 'string' });
    const definition = {
      name: 'x',
      description: 'Does x.',
      parameters: exportTool('openai', tool).parameters,
      strict: true,
    };
    expect(exportTool('openai', tool).definition).toEqual({ type: 'function', function: definition });
    expect(exportTool('responses', tool).definition).toEqual({ type: 'function', ...definition });
  });
});

function nested(levels: number): object {
  return levels === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(levels - 1) }, required: ['a'] };
}

describe('anthropic', () => {
  it('keeps the schema as it is', () => {
    const tool = toolWith({ anyOf: [{ type: 'string', minLength: 2 }, { $ref: '#/$defs/Node' }] }, false, NODE);
    expect(exportTool('anthropic', tool).definition).toEqual({
      name: 'x',
      description: 'Does x.',
      input_schema: tool.input,
    });
    expect(exportTool('anthropic', tool).warnings).toEqual([]);
  });

  it('has no combinator at the root: their members are optional', () => {
    const { parameters, warnings } = exportTool(
      'anthropic',
      toolOf({
        type: 'object',
        properties: { a: { type: 'string' } },
        oneOf: [
          { properties: { b: { type: 'integer' } }, required: ['b'] },
          { properties: { b: { type: 'string' }, c: { type: 'null' } } },
        ],
      }),
    );
    expect(parameters).toEqual({
      type: 'object',
      properties: {
        a: { type: 'string' },
        b: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
        c: { type: 'null' },
      },
    });
    expect(warnings.map(({ code }) => code)).toEqual(['root-combinator']);
  });

  it('writes draft-07 tuples as 2020-12 has them, and gives arrays items', () => {
    const tuple = { type: 'array', items: [{ type: 'string' }], additionalItems: false };
    expect(exportedArgument('anthropic', toolWith(tuple)).schema).toEqual({
      type: 'array',
      prefixItems: [{ type: 'string' }],
      items: false,
    });
    expect(exportedArgument('anthropic', toolWith({ type: 'array' })).schema).toEqual({ type: 'array', items: {} });
  });
});

describe('gemini', () => {
  it.each<{ rule: string; given: object; required?: boolean; more?: object; schema: object; codes?: string[] }>([
    {
      rule: 'has types in capitals',
      given: { type: 'integer', format: 'int32' },
      schema: { type: 'INTEGER', format: 'int32' },
    },
    {
      rule: 'has nullable',
      given: { type: ['string', 'null'] },
      required: false,
      schema: { type: 'STRING', nullable: true },
    },
    {
      rule: 'has enums of text',
      given: { enum: ['a', '', 1, true] },
      schema: { type: 'STRING', format: 'enum', enum: ['a', '(empty)', '1', 'true'] },
      codes: ['enum-as-text'],
    },
    {
      rule: 'has no format but its own',
      given: { type: 'string', format: 'date' },
      schema: { type: 'STRING', description: '(format date)' },
      codes: ['constraint-in-description'],
    },
    {
      rule: 'has no exclusive bounds',
      given: { type: 'integer', exclusiveMinimum: 0, maximum: 9, exclusiveMaximum: 9 },
      schema: { type: 'INTEGER', minimum: 1, maximum: 8 },
      codes: [],
    },
    {
      rule: 'has nothing beside anyOf',
      given: { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }], description: 'Who.' },
      schema: { anyOf: [{ type: 'STRING', nullable: true, description: 'Who.' }, { type: 'INTEGER' }] },
      codes: [],
    },
    {
      rule: 'asks for objects without members as JSON text',
      given: { type: 'object', properties: {}, additionalProperties: false },
      schema: { type: 'STRING' },
    },
    {
      rule: 'replaces names it does not take',
      given: { type: 'object', properties: { '@type': { type: 'string' } }, additionalProperties: false },
      schema: { type: 'OBJECT', properties: { type_e27d0036: { type: 'STRING', description: '(API name "@type")' } } },
    },
    {
      rule: 'writes references out, and ends recursion with JSON text',
      given: { $ref: '#/$defs/Node' },
      more: NODE,
      schema: {
        type: 'OBJECT',
        properties: {
          label: { type: 'STRING' },
          next: {
            type: 'OBJECT',
            properties: { next: { type: 'STRING', description: '(JSON text: Node, of the same form as above)' } },
          },
        },
        required: ['label'],
      },
    },
  ])('$rule', ({ given, required = true, more, schema, codes }) => {
    const exported = exportedArgument('gemini', toolWith(given, required, more));
    expect(exported.schema).toMatchObject(schema);
    if (codes) expect(exported).toEqual({ schema, codes });
  });

  it('has no parameters for a tool without arguments', () => {
    const { definition } = exportTool(
      'gemini',
      toolOf({ type: 'object', properties: {}, additionalProperties: false }),
    );
    expect(definition).toEqual({ name: 'x', description: 'Does x.' });
  });
});

describe('schemas of other MCP servers', () => {
  const input = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    oneOf: [
      { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
      { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    ],
  };

  it.each(['openai', 'anthropic', 'gemini'] as const)(
    'keep the members of alternatives at the root, for %s',
    (dialect) => {
      const { parameters, warnings, argumentsFrom } = exportTool(dialect, toolOf(input));
      expect(Object.keys(parameters!['properties'] as object)).toEqual(['id', 'name']);
      expect(parameters!['oneOf'] ?? parameters!['$schema']).toBeUndefined();
      expect(warnings.map(({ code }) => code)).toContain('root-combinator');
      expect(argumentsFrom(dialect === 'openai' ? { id: 1, name: null } : { id: 1 })).toEqual({ id: 1 });
    },
  );

  it('are strict where they name no argument', () => {
    expect(exportTool('openai', toolOf({ type: 'object' }))).toMatchObject({
      strict: true,
      parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
    });
  });
});

describe('argumentsFrom', () => {
  const TREE = {
    type: 'object',
    properties: { label: { type: 'string' }, next: { $ref: '#/$defs/Node' } },
    required: ['label'],
  };
  it.each<{ rule: string; dialect: DialectName; schema: object; given: unknown; restored: unknown }>([
    {
      rule: 'takes out nulls the API did not declare',
      dialect: 'openai',
      schema: { type: 'string' },
      given: { a: null },
      restored: {},
    },
    {
      rule: 'takes them out below, too',
      dialect: 'openai',
      schema: {
        type: 'array',
        items: { type: 'object', properties: { b: { type: 'string' }, c: { type: 'string' } } },
      },
      given: { a: [{ b: null, c: 'x' }] },
      restored: { a: [{ c: 'x' }] },
    },
    {
      rule: 'takes them out in recursion',
      dialect: 'openai',
      schema: { $ref: '#/$defs/Node' },
      given: { a: { label: 'x', next: { label: 'y', next: null } } },
      restored: { a: { label: 'x', next: { label: 'y' } } },
    },
    {
      rule: 'keeps nulls the API declares',
      dialect: 'gemini',
      schema: { type: ['string', 'null'] },
      given: { a: null },
      restored: { a: null },
    },
    {
      rule: 'decodes JSON text of maps',
      dialect: 'openai',
      schema: { type: 'object', additionalProperties: true },
      given: { a: '{"b":[1]}' },
      restored: { a: { b: [1] } },
    },
    {
      rule: 'leaves text that is no JSON for the check',
      dialect: 'openai',
      schema: { type: 'object', additionalProperties: true },
      given: { a: '{b' },
      restored: { a: '{b' },
    },
    {
      rule: 'takes text that is no JSON for itself where anything goes',
      dialect: 'openai',
      schema: {},
      given: { a: 'plain words' },
      restored: { a: 'plain words' },
    },
    {
      rule: 'takes a map given as such',
      dialect: 'gemini',
      schema: { type: 'object', additionalProperties: true },
      given: { a: { b: 1 } },
      restored: { a: { b: 1 } },
    },
    {
      rule: 'turns texts of enums back',
      dialect: 'gemini',
      schema: { enum: [1, '', true, '1'] },
      given: { a: '(empty)' },
      restored: { a: '' },
    },
    {
      rule: 'tells a number from its text',
      dialect: 'gemini',
      schema: { enum: [1, '1'] },
      given: { a: '(1)' },
      restored: { a: 1 },
    },
    {
      rule: 'turns names back',
      dialect: 'gemini',
      schema: { type: 'object', properties: { '@type': { type: 'string' } } },
      given: { a: { type_e27d0036: 'x' } },
      restored: { a: { '@type': 'x' } },
    },
    {
      rule: 'turns names back',
      dialect: 'anthropic',
      schema: { anyOf: [{ type: 'string' }, { type: 'object', properties: { '@type': { type: 'string' } } }] },
      given: { a: { type_e27d0036: 'x' } },
      restored: { a: { '@type': 'x' } },
    },
    {
      rule: 'decides between branches by what fits',
      dialect: 'openai',
      schema: {
        anyOf: [
          { type: 'object', properties: { kind: { const: 'b' }, map: { type: 'string' } }, required: ['kind', 'map'] },
          { type: 'object', properties: { kind: { const: 'c' }, map: { type: 'object' } }, required: ['kind', 'map'] },
        ],
      },
      given: { a: { kind: 'c', map: '{"x":1}' } },
      restored: { a: { kind: 'c', map: { x: 1 } } },
    },
    {
      rule: 'leaves what it does not know',
      dialect: 'openai',
      schema: { type: 'string' },
      given: { a: 'x', z: null },
      restored: { a: 'x', z: null },
    },
    {
      rule: 'keeps __proto__ a name',
      dialect: 'openai',
      schema: { type: 'object', properties: { b: { type: 'string' } } },
      given: JSON.parse('{"a":{"__proto__":{"b":1}}}'),
      restored: JSON.parse('{"a":{"__proto__":{"b":1}}}'),
    },
  ])('$rule ($dialect)', ({ dialect, schema, given, restored }) => {
    const tool = toolWith(schema, false, { $defs: { Node: TREE } });
    const made = exportTool(dialect, tool).argumentsFrom(given as { [name: string]: unknown });
    expect(JSON.stringify(made)).toBe(JSON.stringify(restored));
  });

  it('leaves the token of a confirmation for the call', () => {
    const tool = toolOf(
      { type: 'object', properties: {}, additionalProperties: false },
      { confirmation: { rememberable: false, cannotAsk: 'two-step', argument: '_confirmation' } },
    );
    for (const dialect of ['openai', 'anthropic', 'gemini'] as const) {
      expect(exportTool(dialect, tool).parameters).toMatchObject({ properties: { _confirmation: {} } });
      expect(exportTool(dialect, tool).argumentsFrom({ _confirmation: 'token' })).toEqual({ _confirmation: 'token' });
    }
    expect(exportTool('openai', tool).argumentsFrom({ _confirmation: null })).toEqual({});
  });
});

describe('every dialect', () => {
  it.each([
    { what: 'a definition that is itself', $defs: { N: { $ref: '#/$defs/N' } } },
    {
      what: 'a choice of itself',
      $defs: { N: { anyOf: [{ $ref: '#/$defs/N' }, { $ref: '#/$defs/M' }] }, M: { $ref: '#/$defs/N' } },
    },
    { what: 'a definition that is not there', $defs: {} },
    {
      what: 'recursion through what stands beside it',
      $defs: {
        N: {
          type: 'object',
          properties: { n: { $ref: '#/$defs/N', minProperties: 1 } },
          allOf: [{ properties: { n: { $ref: '#/$defs/N' } } }],
        },
      },
    },
    {
      what: 'wide recursion',
      $defs: {
        N: {
          type: 'object',
          properties: Object.fromEntries(
            Array.from({ length: 30 }, (_, index) => [`n${index}`, { $ref: '#/$defs/N' }]),
          ),
        },
      },
    },
  ])('ends, and stays small, at $what', ({ $defs }) => {
    const tool = toolOf({ type: 'object', properties: { a: { $ref: '#/$defs/N' } }, $defs });
    for (const dialect of ['openai', 'responses', 'anthropic', 'gemini', 'mcp'] as const)
      expect(JSON.stringify(exportTool(dialect, tool).definition).length).toBeLessThan(40_000);
  });

  it('says when a name or a description is too long, and replaces the name', () => {
    const tool = toolOf(
      { type: 'object', properties: {} },
      { name: 'files.read file', description: 'x'.repeat(1_025) },
    );
    for (const dialect of ['openai', 'responses', 'anthropic', 'gemini'] as const) {
      const exported = exportTool(dialect, tool);
      expect(exported.name).toMatch(/^files_read_file_[0-9a-f]{8}$/);
      expect(exported.warnings).toContainEqual(expect.objectContaining({ tool: tool.name, code: 'renamed' }));
    }
    expect(exportTool('openai', tool).warnings).toContainEqual(expect.objectContaining({ code: 'limit' }));
  });

  it('leaves the tool as it is, and its schema the last word', async () => {
    const { tools } = await compileDocument(
      withBody({ type: 'object', properties: { a: { type: 'string', minLength: 2 } }, required: ['a'] }),
    );
    const before = JSON.stringify(tools[0]);
    const check = createValidator(tools[0]!.input);
    for (const dialect of ['openai', 'responses', 'anthropic', 'gemini', 'mcp'] as const) {
      const { argumentsFrom } = exportTool(dialect, tools[0]!);
      expect(check(argumentsFrom({ a: 'xy' }))).toEqual([]);
      expect(check(argumentsFrom({ a: 'x' }))).toMatchObject([{ argument: 'a' }]);
    }
    expect(JSON.stringify(tools[0])).toBe(before);
  });
});
