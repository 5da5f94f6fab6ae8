/**
 * Takes a place in a sliding window: -1 when taken, else the milliseconds until the place that blocks it is free.
 * KEYS: the window. ARGV: calls, milliseconds, a name for this take.
 */
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local calls, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local taken = redis.call('ZCARD', KEYS[1])
if taken < calls then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(window))
  return -1
end
if calls <= 0 then return window end
local blocking = redis.call('ZRANGE', KEYS[1], taken - calls, taken - calls, 'WITHSCORES')
return blocking[2] + window - now
`;

/**
 * Sets a value if it is still what it was ('' for none): {1}, or {0, what it is now}.
 * KEYS: the cell. ARGV: the old value, the new one, milliseconds to live.
 */
export const CHANGE_IF = `
local current = redis.call('GET', KEYS[1])
if (current or '') == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return {1, false}
end
return {0, current}
`;

/** Drops the entries that a tag names, and the tag. KEYS: the tags. */
export const DROP_TAGGED = `
for _, tag in ipairs(KEYS) do
  for _, entry in ipairs(redis.call('SMEMBERS', tag)) do redis.call('DEL', entry) end
  redis.call('DEL', tag)
end
`;
