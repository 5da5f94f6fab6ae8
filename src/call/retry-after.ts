const SECONDS = /^\d{1,10}$/;
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Milliseconds to wait by a `Retry-After` value: whole seconds, or one of the three HTTP dates (RFC 9110 §10.2.3 and
 * §5.6.7). A moment that is past is 0; anything else a server may have written is undefined.
 */
export function parseRetryAfter(value: string | readonly string[] | undefined, now: number): number | undefined {
  const written = (typeof value === 'string' ? value : value?.[0])?.trim();
  if (written === undefined) return undefined;
  if (SECONDS.test(written)) return Number(written) * 1000;
  const moment = parseHttpDate(written, now);
  return moment === undefined ? undefined : Math.max(0, moment - now);
}

function parseHttpDate(written: string, now: number): number | undefined {
  if (IMF_FIXDATE.test(written)) return valid(Date.parse(written));
  if (ASCTIME.test(written)) return valid(Date.parse(`${written} GMT`));
  if (RFC_850.test(written)) return valid(Date.parse(withCentury(written, now)));
  return undefined;
}

/** A two-digit year that would be more than 50 years ahead is the most recent one with these digits (RFC 9110 §5.6.7). */
function withCentury(written: string, now: number): string {
  return written.replace(
    /^[A-Za-z]+, (\d{2})-([A-Za-z]{3})-(\d{2})/,
    (_, day: string, month: string, digits: string) => {
      const thisYear = new Date(now).getUTCFullYear();
      const year = thisYear - (thisYear % 100) + Number(digits);
      return `${day} ${month} ${year > thisYear + 50 ? year - 100 : year}`;
    },
  );
}

function valid(moment: number): number | undefined {
  return Number.isNaN(moment) ? undefined : moment;
}
