export function checkGemini(schema: object): string[];
