// Loaded into the bridge by --import (with --expose-gc): writes lines of JSON to the file PROBE_FILE, synchronously.
import { appendFileSync, readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';

const TICK_MS = 10;
/** A collection stops the loop for some milliseconds: rarely enough to stay out of the 99th percentile. */
const EVERY_MS = 2_500;
const file = process.env.PROBE_FILE;
const delays = createHistogram();
let last = performance.now();
let lastWait = waitedMs();

setInterval(() => {
  const now = performance.now();
  const wait = waitedMs();
  const late = now - last - TICK_MS - (wait - lastWait);
  delays.record(Math.max(1, Math.round(late * 1e6)));
  last = now;
  lastWait = wait;
}, TICK_MS).unref();

setInterval(() => {
  const ms = (nanoseconds) => nanoseconds / 1e6;
  const line = { p99: ms(delays.percentile(99)), max: ms(delays.max) };
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  appendFileSync(file, `${JSON.stringify({ heap: heapUsed, rss, ...line })}\n`);
}, EVERY_MS).unref();
// The percentiles grow over the whole run: the first second (loading) does not count.
setTimeout(() => delays.reset(), 1_000).unref();

/** How long this thread was ready to run and other processes had the CPU: none of it is the bridge's. Linux; else 0. */
function waitedMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
