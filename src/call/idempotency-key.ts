/** What can go into a header, and is not too long to be kept (draft-ietf-httpapi-idempotency-key-header). */
export function isIdempotencyKey(written: unknown): written is string {
  return typeof written === 'string' && /^[\x21-\x7e]{1,255}$/.test(written);
}
