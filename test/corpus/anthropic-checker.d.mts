export function checkAnthropic(schema: object): string[];
