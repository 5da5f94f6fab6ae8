// Exports every tool to every vendor, and checks what comes of it by the vendors' rules.
import { checkAnthropic } from './anthropic-checker.mjs';
import { checkGemini } from './gemini-checker.mjs';
import { checkStrict } from './strict-checker.mjs';

const CHECKS = {
  openai: ({ strict, parameters }) => (strict ? checkStrict(parameters) : []),
  anthropic: ({ parameters }) => checkAnthropic(parameters),
  gemini: ({ parameters }) => (parameters === undefined ? [] : checkGemini(parameters)),
};
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/**
 * @param {typeof import('../../src/index.ts')} library
 * @param {readonly import('../../src/index.ts').Tool[]} tools
 * @returns {string[]} what a vendor would refuse, and what changed without a warning
 */
export function judgeExports({ exportTool }, tools) {
  return tools.flatMap((tool) =>
    Object.entries(CHECKS).flatMap(([format, check]) => {
      const exported = exportTool(format, tool);
      const problems = [...check(exported)];
      if (!NAME.test(exported.name)) problems.push(`the name ${exported.name}`);
      const isSame = JSON.stringify(exported.parameters) === JSON.stringify(tool.input);
      if (format === 'openai' && !exported.strict && !exported.warnings.some(({ code }) => code === 'not-strict'))
        problems.push('is not strict, and no warning says why');
      if (format === 'anthropic' && !isSame && exported.warnings.length === 0)
        problems.push('changed without a warning');
      return problems.map((problem) => `${tool.name}: ${format}: ${problem}`);
    }),
  );
}
