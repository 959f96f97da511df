import { createHash } from "node:crypto";
import { headerLimit, timesOffset } from "./record.js";

/**
 * The Lua scripts, each with one key and therefore valid in a cluster. They run on Redis 6.2 and later and on Valkey.
 *
 * Rules for all of them: no command uses a key that was not declared; the only clock is the `now` parameter; times are
 * compared as numbers, but only the digits that came in are written back; nothing is written before the last decision.
 * The first element of every reply names its record, so that the answer to another command is noticed.
 */
export interface Script {
  readonly lua: string;
  /** SHA-1 of the text in hexadecimal: the name of the script for EVALSHA. */
  readonly sha: string;
}

/** The values of the second element of a reply. */
export const outcome = {
  refused: "0",
  done: "1",
  /** The owner's index entry must be extended first. The bound follows, and for a touch the owner. */
  indexFirst: "index",
  /** A later version of this package wrote the record. */
  newer: "newer",
} as const;

/** Number of bytes that `head` reads first: header, version and owner, unless these are unusually long. */
const glance = headerLimit + 352;

const common = `
local own = string.sub(KEYS[1], -64)
local now = tonumber(ARGV[1])

local function parse(v)
  local key, expires, indexed, vn, on, rn, dn, at =
    string.match(v, '^sess1 (%x+) (%d+) (%d+) (%d+) ([%d-]+) ([%d-]+) (%d+)\\n()')
  if not key then return nil end
  local owner_at = at + tonumber(vn)
  local rest = owner_at + (tonumber(on) or 0)
  local r = { key = key, expires = expires, indexed = indexed, retired = rn ~= '-', header = rest - 1 }
  r.version = string.sub(v, at, owner_at - 1)
  if on ~= '-' then r.owner = string.sub(v, owner_at, rest - 1) end
  r.size = rest - 1 + (tonumber(rn) or 0) + tonumber(dn)
  return r
end

-- The live record under the key, or nil and why there is none: 'free', 'foreign' (never to be overwritten) or 'newer'.
local function head()
  local v = redis.pcall('GETRANGE', KEYS[1], 0, ${glance - 1})
  if type(v) == 'table' then
    if string.find(v.err or '', '^WRONGTYPE') then return nil, 'foreign' end
    v = redis.call('GETRANGE', KEYS[1], 0, ${glance - 1})
  end
  if v == '' then return nil, 'free' end
  local r = parse(v)
  if not r then
    if string.find(v, '^sess%d+ ') and not string.find(v, '^sess1 ') then return nil, 'newer' end
    return nil, 'foreign'
  end
  if r.key ~= own or r.size ~= redis.call('STRLEN', KEYS[1]) then return nil, 'foreign' end
  if r.header > #v then r = parse(redis.call('GET', KEYS[1])) end
  if tonumber(r.expires) <= now then return nil, 'free' end
  return r
end

local function later(a, b)
  if tonumber(b) > tonumber(a) then return b end
  return a
end

-- Relative, because this server's clock and the clock that decides need not agree. A minute late: TTLs only collect.
local function ttl(expires)
  return string.format('%.0f', math.max(1, tonumber(expires) - now + 60000))
end

-- While the caller waits for replicas: what refused the write is written again as it is, so that WAIT, which sees only
-- what its own connection wrote, covers it as well. It may be this very write, sent before.
local function confirm(r, wait)
  if r and wait then redis.call('PEXPIRE', KEYS[1], ttl(r.expires)) end
end
`;

/**
 * KEYS: record. ARGV: now, value, and "wait" if replicas are waited for. The value's header already holds the bound
 * until which the owner's index entry exists.
 */
export const createScript = script(`${common}
local current, why = head()
if why == 'newer' then return { own, 'newer' } end
confirm(current, ARGV[3])
if current or why == 'foreign' then return { own, '0' } end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl(parse(ARGV[2]).expires))
return { own, '1' }
`);

/**
 * KEYS: record. ARGV: now, expected version, value, and "wait" as above. A refusal returns the live record, if there is
 * one. A written marker returns the time until which the index entry exists, if that is longer than needed.
 */
export const updateScript = script(`${common}
local current, why = head()
if why == 'newer' then return { own, 'newer' } end
if not current then return { own, '0' } end
if current.version ~= ARGV[2] then
  confirm(current, ARGV[4])
  return { own, '0', redis.call('GET', KEYS[1]) }
end
local new = parse(ARGV[3])
local expires, indexed, stands = new.expires, new.indexed, nil
if not new.retired then expires = later(current.expires, expires) end
if new.owner then
  if new.owner == current.owner then indexed = later(current.indexed, indexed) end
  if tonumber(indexed) < tonumber(expires) then return { own, 'index', expires } end
  if new.retired and tonumber(indexed) > tonumber(expires) then stands, indexed = indexed, expires end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ttl(expires))
if expires ~= new.expires or indexed ~= new.indexed then
  redis.call('SETRANGE', KEYS[1], ${timesOffset}, expires .. ' ' .. indexed)
end
return { own, '1', stands }
`);

/** KEYS: record. ARGV: now, expected version, new expiry, bound until which the owner's index entry exists. */
export const touchScript = script(`${common}
local current, why = head()
if why == 'newer' then return { own, 'newer' } end
if not current or current.retired or current.version ~= ARGV[2] then return { own, '0' } end
local expires, indexed = later(current.expires, ARGV[3]), current.indexed
if expires == current.expires then return { own, '1' } end
if current.owner then
  indexed = later(indexed, ARGV[4])
  if tonumber(indexed) < tonumber(expires) then return { own, 'index', expires, current.owner } end
end
redis.call('SETRANGE', KEYS[1], ${timesOffset}, expires .. ' ' .. indexed)
redis.call('PEXPIRE', KEYS[1], ttl(expires))
return { own, '1' }
`);

/**
 * KEYS: an owner's index. ARGV: now, score, session key. Returns the entry's new score. It always differs from the old
 * one, so that shortenScript notices the extension. Entries are removed a minute after their score, not before.
 */
export const indexScript = script(`
local now, score = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - 60000))
local stands = ARGV[2]
if redis.call('ZADD', KEYS[1], 'GT', 'CH', ARGV[2], ARGV[3]) == 0 then
  stands = string.format('%.0f', tonumber(redis.call('ZADD', KEYS[1], 'INCR', 1, ARGV[3])))
end
local ttl = math.max(1, score - now + 60000)
if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ttl)) end
return { ARGV[3], '1', stands }
`);

/**
 * KEYS: an owner's index. ARGV: the score that the entry must still have, its new score, session key. The largest safe
 * integer stays as it is, because adding one would not give another number there.
 */
export const shortenScript = script(`
local score = redis.call('ZADD', KEYS[1], 'XX', 'INCR', 0, ARGV[3])
if score and tonumber(score) == tonumber(ARGV[1]) and tonumber(score) < ${Number.MAX_SAFE_INTEGER} then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
end
return { ARGV[3], '1' }
`);

/** KEYS: an owner's index. ARGV: cursor, count, owner. A step of ZSCAN whose reply names the index. */
export const listScript = script(`
local step = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
return { ARGV[3], step[1], step[2] }
`);

/** KEYS: record. ARGV: now. Confirms, in a reply that names the key, that the stored value is not a record of ours. */
export const inspectScript = script(`${common}
local current, why = head()
return { own, current and 'record' or why }
`);

function script(text: string): Script {
  const lua = text.trim();
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
