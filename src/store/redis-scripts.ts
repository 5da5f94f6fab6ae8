/**
 * Takes a place in a sliding window: {-1 when taken, else the milliseconds until the place that blocks it is free, how many
 * places are taken}. KEYS: the window. ARGV: calls, milliseconds, a name for this take, then for each take that was made
 * without Redis its age and its name: they count as well, each once, however often they are told.
 */
export const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local calls, window = tonumber(ARGV[1]), tonumber(ARGV[2])
for index = 4, #ARGV, 2 do redis.call('ZADD', KEYS[1], now - tonumber(ARGV[index]), ARGV[index + 1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local taken = redis.call('ZCARD', KEYS[1])
local wait = -1
if taken < calls then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  taken = taken + 1
elseif calls <= 0 then
  wait = window
else
  local blocking = redis.call('ZRANGE', KEYS[1], taken - calls, taken - calls, 'WITHSCORES')
  wait = blocking[2] + window - now
end
if taken > 0 then redis.call('PEXPIRE', KEYS[1], math.ceil(window)) end
return {wait, taken}
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
