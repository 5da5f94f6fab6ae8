// Loaded into the bridge by --import: writes a line of JSON a second to the file PROBE_FILE, synchronously.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION = 10;
const file = process.env.PROBE_FILE;
const second = monitorEventLoopDelay({ resolution: RESOLUTION });
second.enable();
let trough = Number.POSITIVE_INFINITY;
setInterval(() => {
  trough = Math.min(trough, process.memoryUsage().heapUsed);
}, 50).unref();
setInterval(() => {
  const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  const line = { heap: trough, rss: process.memoryUsage.rss(), p99: ms(second.percentile(99)), max: ms(second.max) };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  trough = Number.POSITIVE_INFINITY;
}, 1_000).unref();
// The percentiles grow over the whole run: the first second (loading) does not count.
setTimeout(() => second.reset(), 1_000).unref();
