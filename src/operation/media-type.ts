/** `type/subtype` in lower case, without parameters (RFC 9110 §8.3.1). */
export function mediaTypeEssence(mediaType: string): string {
  const semicolon = mediaType.indexOf(';');
  return (semicolon < 0 ? mediaType : mediaType.slice(0, semicolon)).trim().toLowerCase();
}

/** application/json, text/json and every `+json` structured suffix (RFC 6839 §3.1). */
export function isJsonMediaType(mediaType: string): boolean {
  return /^(?:application|text)\/json$|\+json$/.test(mediaTypeEssence(mediaType));
}

/** A sequence of JSON texts: JSON lines, NDJSON, RFC 7464. */
export function isJsonLinesMediaType(mediaType: string): boolean {
  return /^application\/(?:jsonl|x-jsonl|jsonlines|x-jsonlines|ndjson|x-ndjson|json-seq|geo\+json-seq|stream\+json)$|\+json-seq$/.test(
    mediaTypeEssence(mediaType),
  );
}

/** application/xml, text/xml and every `+xml` structured suffix (RFC 7303 §4). */
export function isXmlMediaType(mediaType: string): boolean {
  return /^(?:application|text)\/xml$|\+xml$/.test(mediaTypeEssence(mediaType));
}

/** Text that is sent and shown as it is. */
export function isTextMediaType(mediaType: string): boolean {
  return /^text\/|^application\/(?:yaml|x-yaml|javascript|graphql|sql|jsonpath|toml)$|\+yaml$/.test(
    mediaTypeEssence(mediaType),
  );
}
