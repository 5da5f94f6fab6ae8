import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validateForEditor } from '../../src/actions/editor/validate.ts';
import { splitByTag } from '../../src/actions/write/split.ts';
import { buildToolDocument } from '../../src/actions/write/tool-document.ts';
import { readSpec } from '../../src/spec/read-spec.ts';
import type { JsonSchema, Tool } from '../../src/tool/types.ts';
import { repositoryFile } from '../support/bridge-process.ts';
import { compileDocument, compileFile, hasShared, SHARED } from '../support/documents.ts';

const OPTIONS = { publicUrl: 'https://bridge.example.com', secured: true, title: 'Everything' };

const OWN = readdirSync(repositoryFile('specs')).map((name) => repositoryFile(`specs/${name}`));

/** Of every size, version and habit; recursion, free-form objects and long texts among them. */
const OTHERS = !hasShared
  ? []
  : [
      'specs/real/adyen-checkout-v71.json',
      'specs/real/amazonaws.com_dynamodb.json',
      'specs/real/argo-workflows.json',
      'specs/real/burgershop.yaml',
      'specs/real/docker-engine.yaml',
      'specs/real/gitea.io.json',
      'specs/real/googleapis.com_drive.json',
      'specs/real/intercom-2.11.yaml',
      'specs/real/mcp-registry.yaml',
      'specs/real/meilisearch.json',
      'specs/real/notion.json',
      'specs/real/asana-app-components.yaml',
      'specs/real/petstore-v2.json',
      'specs/real/plugin-zapier.yaml',
      'specs/real/qdrant.json',
      'specs/real/readme-file-uploads.yaml',
      'specs/real/readme-parameters-extreme.yaml',
      'specs/real/museum.yaml',
      'specs/real/readme-schema-circular.yaml',
      'specs/real/slack-web.json',
      'specs/real/spotify.yml',
      'gpt-actions/plugins/statisfinapp/openapi.yaml',
      'gpt-actions/plugins/SuperchargeMyEV/openapi.yaml',
      'gpt-actions/misc/kie-extract.openapi.yaml',
    ].map((file) => join(SHARED, file));

/**
 * The schema with its definitions written out where they are used: whether a schema that stands in two places has a name is
 * no difference. A circle ends in the definition's name.
 */
function expanded(node: unknown, root: JsonSchema, open: readonly string[] = []): unknown {
  if (Array.isArray(node)) return node.map((item) => expanded(item, root, open));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref: ref, $defs: _, ...rest } = node as JsonSchema;
  const members = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, expanded(value, root, open)]));
  if (typeof ref !== 'string') return members;
  const name = ref.slice('#/$defs/'.length);
  if (open.includes(name)) return { ...members, circle: name };
  const definition = (root['$defs'] as { [name: string]: JsonSchema })[name];
  return { ...(expanded(definition, root, [...open, name]) as object), ...members };
}

/** What a model and a person see of a tool, and what decides about it. */
function facts({ name, title, description, input, request, hints }: Tool): object {
  return {
    name,
    title,
    description,
    input: expanded(input, input),
    consequential: request.consequential ?? !hints.readOnly,
    deprecated: request.deprecated,
    hints,
  };
}

describe.each([...OWN, ...OTHERS])('%s', (file) => {
  it('comes back from its export with the same tools, and the editor would take every document', async () => {
    const { tools } = await compileFile(file);
    expect(tools.length).toBeGreaterThan(0);
    const items = tools.map((tool) => ({ tool, tags: tool.request.tags }));
    for (const { name, items: set } of splitByTag(items)) {
      const exported = set.map(({ tool }) => tool);
      const text = JSON.stringify(buildToolDocument(exported, OPTIONS));
      const findings = validateForEditor(readSpec(text, { name }));
      expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
      const back = await compileDocument(text);
      expect(back.tools.map(facts)).toEqual(exported.map(facts));
    }
  });
});
