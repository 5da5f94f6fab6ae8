import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { repositoryFile } from '../support/bridge-process.ts';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
  readonly data?: { readonly [name: string]: string };
}

/** The API's own schemas, compiled: `validate` throws. */
type Model = new (manifest: unknown) => { validate(): void };

const FOLDER = repositoryFile('deploy/kubernetes');
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
const MANIFESTS = FILES.flatMap((file) =>
  (loadAll(readFileSync(join(FOLDER, file), 'utf8')) as Manifest[]).map((manifest) => ({
    file,
    manifest,
    name: `${manifest.kind} ${manifest.metadata.name}`,
  })),
);
const require = createRequire(import.meta.url);

function modelOf({ apiVersion, kind }: Manifest): Model {
  return (require(moduleOf(apiVersion, kind)) as { readonly [name: string]: Model })[kind]!;
}

function moduleOf(apiVersion: string, kind: string): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}

function find(kind: string, name = 'actionbridge'): Manifest {
  return MANIFESTS.find(({ manifest }) => manifest.kind === kind && manifest.metadata.name === name)!.manifest;
}

describe('deploy/kubernetes', () => {
  it.each(MANIFESTS)('has a $name that the API accepts', ({ manifest }) => {
    const Model = modelOf(manifest);
    expect(() => new Model(manifest).validate()).not.toThrow();
  });

  it('has no key that the API does not know', () => {
    const folder = mkdtempSync(join(tmpdir(), 'actionbridge-manifests-'));
    symlinkSync(repositoryFile('node_modules'), join(folder, 'node_modules'));
    const lines = MANIFESTS.map(
      ({ manifest }, index) =>
        `import type { I${manifest.kind} as T${index} } from '${moduleOf(manifest.apiVersion, manifest.kind)}';\n` +
        `export const m${index}: T${index} = ${JSON.stringify(manifest)};`,
    );
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
    const words = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '', 'manifests.ts'];
    const { stdout, status } = spawnSync(repositoryFile('node_modules/.bin/tsc'), words, {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('applies every manifest but the example', () => {
    const { resources } = loadAll(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8'))[0] as {
      resources: string[];
    };
    expect([...resources].sort()).toEqual(FILES.filter((file) => file !== 'secret.example.yaml').sort());
  });

  it('selects the pods that it makes', () => {
    const labels = { 'app.kubernetes.io/name': 'actionbridge' };
    expect(find('Deployment').spec).toMatchObject({
      selector: { matchLabels: labels },
      template: { metadata: { labels } },
    });
    expect(find('Service').spec).toMatchObject({ selector: labels, ports: [{ targetPort: 'http' }] });
    expect(find('PodDisruptionBudget').spec).toMatchObject({ selector: { matchLabels: labels } });
    expect(find('NetworkPolicy').spec).toMatchObject({ podSelector: { matchLabels: labels } });
    expect(find('HorizontalPodAutoscaler').spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'actionbridge' },
    });
  });

  it.each([
    { file: 'the ConfigMap', text: () => find('ConfigMap').data!['actionbridge.yaml']! },
    { file: 'deploy/actionbridge.yaml', text: () => readFileSync(repositoryFile('deploy/actionbridge.yaml'), 'utf8') },
  ])('has in $file a config that this bridge takes, on the port that is probed', async ({ text }) => {
    const folder = mkdtempSync(join(tmpdir(), 'actionbridge-test-'));
    writeFileSync(join(folder, 'actionbridge.yaml'), text());
    const environment = { ACTIONBRIDGE_TOKEN: 'x'.repeat(32), REDIS_URL: 'redis://redis:6379' };
    const config = await readConfigFile(join(folder, 'actionbridge.yaml'), environment);
    rmSync(folder, { recursive: true });
    expect(config).toMatchObject({ http: { host: '0.0.0.0', port: 8080 }, redis: { replicas: 3 } });
  });
});
