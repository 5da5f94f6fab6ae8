import { shortHash } from '../names.ts';
import type { ExportedTool, ExportWarning, Report } from './types.ts';

/** Names that a vendor takes. */
const NAMES = {
  openai: { legal: /^[A-Za-z0-9_-]{1,64}$/, length: 64 },
  anthropic: { legal: /^[A-Za-z0-9_-]{1,128}$/, length: 128 },
  gemini: { legal: /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, length: 64 },
} as const;

/** Reported as an error of OpenAI's API at one time, and not documented. */
const MAX_DESCRIPTION = 1_024;

/** The name where the vendor takes it, else the nearest one with a hash of it. The registry's names are legal everywhere. */
export function checkName(name: string, vendor: keyof typeof NAMES, report: Report): string {
  const { legal, length } = NAMES[vendor];
  if (legal.test(name)) return name;
  const words = name.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[^A-Za-z]+/, '') || 'tool';
  const renamed = `${words.slice(0, length - 9)}_${shortHash(name)}`;
  report('renamed', '', `The tool is called ${renamed}`);
  return renamed;
}

export function checkDescription(description: string, report: Report): void {
  if (description.length > MAX_DESCRIPTION)
    report(
      'limit',
      '',
      `The description has ${description.length} characters; more than ${MAX_DESCRIPTION} were once refused`,
    );
}

export function listLimit(exported: readonly ExportedTool[], most: number, message: string): ExportWarning[] {
  if (exported.length <= most) return [];
  return [
    { tool: '', pointer: '', code: 'limit', message: `${exported.length} tools: ${message}; choose with --include` },
  ];
}
