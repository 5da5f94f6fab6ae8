export function checkStrict(schema: object): string[];
