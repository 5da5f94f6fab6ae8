import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { repositoryFile } from '../support/bridge-process.ts';

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

const COMPOSE = load(readFileSync(repositoryFile('deploy/compose.yaml'), 'utf8')) as {
  readonly services: { readonly [name: string]: Service };
};
const NGINX = readFileSync(repositoryFile('deploy/nginx.conf'), 'utf8');
const hasNginx = spawnSync('nginx', ['-v']).status === 0;

describe('deploy/compose.yaml', () => {
  it('has three replicas, and nginx sends to exactly these', () => {
    const replicas = Object.keys(COMPOSE.services).filter((name) => name.startsWith('actionbridge'));
    expect(replicas).toHaveLength(3);
    const upstreams = [...NGINX.matchAll(/^ *server (\S+):8080 /gm)].map(([, name]) => name);
    expect(upstreams).toEqual(replicas);
  });

  it('gives no service a right it can do without', () => {
    for (const [name, service] of Object.entries(COMPOSE.services))
      expect({ name, ...service }).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });

  it('opens one port, on loopback', () => {
    expect(Object.values(COMPOSE.services).flatMap(({ ports }) => ports ?? [])).toEqual(['127.0.0.1:8080:8080']);
  });

  it('mounts only files that are there', () => {
    const files = Object.values(COMPOSE.services).flatMap(({ volumes }) =>
      (volumes ?? []).map((each) => each.split(':')[0]!),
    );
    for (const file of new Set(files)) expect(readFileSync(repositoryFile(join('deploy', file)), 'utf8')).not.toBe('');
  });
});

describe.skipIf(!hasNginx)('deploy/nginx.conf (with nginx)', () => {
  it('is taken by nginx', () => {
    const folder = mkdtempSync(join(tmpdir(), 'actionbridge-nginx-'));
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      NGINX.replaceAll(/actionbridge-\d:/g, '127.0.0.1:').replaceAll('/tmp/nginx', join(folder, 'nginx')),
    );
    const { status, stderr } = spawnSync('nginx', ['-t', '-q', '-c', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr).not.toMatch(/\[(?:emerg|alert|crit)\]/);
    expect(status).toBe(0);
  });
});
