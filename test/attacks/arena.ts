import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttackCase } from './cases.ts';
import { fill } from './cases.ts';
import { configFile } from './config.ts';
import { type Recorder, type Script, startRecorder } from './upstream.ts';

/** Everything around the bridge that one case needs. */
export interface Arena {
  /** With placeholders and generators filled in. */
  readonly attack: AttackCase;
  readonly upstream: Recorder;
  readonly upstream2: Recorder;
  readonly attacker: Recorder;
  readonly internal: Recorder;
  readonly specHost: Recorder;
  readonly secrets: { readonly A: string; readonly B: string };
  readonly folder: string;
  readonly specFile: string;
  readonly configFile: string;
  /** A config with the harmless API alone. */
  readonly benignConfig: string;
  /** What the audit file holds. */
  audit(): string;
  close(): Promise<void>;
}

const ROUTE = /^(?:[A-Z]+ \/|https?:)/;

export async function openArena(given: AttackCase): Promise<Arena> {
  const folder = mkdtempSync(join(tmpdir(), 'attack-'));
  const canary = join(folder, 'canary.txt');
  writeFileSync(canary, 'CANARY-FILE-CONTENT');
  const secrets = { A: randomBytes(16).toString('hex'), B: randomBytes(16).toString('hex') };
  const upstreamRoutes: { [route: string]: Script } = {};
  const specRoutes: { [route: string]: Script } = {};
  const [upstream, upstream2, attacker, internal, specHost] = await Promise.all([
    startRecorder(upstreamRoutes),
    startRecorder(),
    startRecorder(),
    startRecorder(),
    startRecorder(specRoutes),
  ]);
  const attack = fill(given, {
    UPSTREAM: upstream.origin,
    UPSTREAM_HOSTPORT: new URL(upstream.origin).host,
    UPSTREAM2: upstream2.origin,
    ATTACKER: attacker.origin,
    ATTACKER_PORT: String(attacker.port),
    INTERNAL: internal.origin,
    INTERNAL_PORT: String(internal.port),
    SPECHOST: specHost.origin,
    SECRET_A: secrets.A,
    SECRET_B: secrets.B,
    CANARYFILE: canary,
  });
  const { slowMs } = (attack.upstream ?? {}) as { slowMs?: number };
  for (const [route, script] of Object.entries(attack.upstream ?? {}))
    if (route.startsWith(specHost.origin)) specRoutes[`GET ${new URL(route).pathname}`] = script as Script;
    else if (ROUTE.test(route)) upstreamRoutes[route] = script as Script;
  if (slowMs !== undefined) upstreamRoutes['GET /v1/orders'] = { delayMs: slowMs };

  const path = (name: string) => join(folder, name);
  const specFile = path(attack.specText === undefined ? 'spec.json' : 'spec.yaml');
  writeFileSync(specFile, attack.specText ?? JSON.stringify(attack.spec ?? {}));
  const benign = { spec: path('benign.json'), baseUrl: upstream2.origin };
  writeFileSync(benign.spec, JSON.stringify(BENIGN));
  const config = configFile(attack, {
    upstream: upstream.origin,
    upstreamHost: new URL(upstream.origin).host,
    secret: secrets.A,
    spec: specFile,
    benign,
    audit: path('audit.jsonl'),
  });
  writeFileSync(path('actionbridge.json'), JSON.stringify(config));
  writeFileSync(path('benign-config.json'), JSON.stringify({ apis: { benign }, cacheTools: false }));
  return {
    attack,
    upstream,
    upstream2,
    attacker,
    internal,
    specHost,
    secrets,
    folder,
    specFile,
    configFile: path('actionbridge.json'),
    benignConfig: path('benign-config.json'),
    audit: () => {
      try {
        return readFileSync(path('audit.jsonl'), 'utf8');
      } catch {
        return '';
      }
    },
    close: async () => {
      await Promise.all([upstream, upstream2, attacker, internal, specHost].map((each) => each.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A tool that must go on working whatever happens to the others. */
export const BENIGN_TOOL = 'benignRead';

const BENIGN = {
  openapi: '3.1.0',
  info: { title: 'Benign', version: '1' },
  servers: [{ url: 'http://localhost' }],
  paths: { '/benign': { get: { operationId: BENIGN_TOOL, responses: { 200: { description: 'ok' } } } } },
};
