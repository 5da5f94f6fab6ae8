declare const __VERSION__: string;

/** The version of package.json, put in by the build. */
export const version: string = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0';

declare const __BUILD__: string;

/** Differs wherever the code does: what was compiled by one build is not taken for the work of another. */
export const build: string = typeof __BUILD__ === 'string' ? __BUILD__ : 'source';
