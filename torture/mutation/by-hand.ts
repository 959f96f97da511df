// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of sources that hold templates.

/**
 * Stryker reads neither Lua nor SQL: a script or a statement is a string that it can only empty. So these changes are
 * made by hand. Each replaces a piece of text that the file contains exactly once.
 */
export interface HandMade {
  readonly language: string;
  /** The end of the file's path. */
  readonly file: string;
  readonly mutations: readonly HandMutation[];
}

export interface HandMutation {
  readonly from: string;
  readonly to: string;
}

const lua: readonly HandMutation[] = [
  // What there is.
  { from: "local own = string.sub(KEYS[1], -64)", to: "local own = string.sub(KEYS[1], -63)" },
  { from: "if on ~= '-' then r.owner =", to: "if true then r.owner =" },
  { from: "retired = rn ~= '-'", to: "retired = dn == '0'" },
  { from: "retired = rn ~= '-'", to: "retired = rn ~= '-' and rn ~= '0'" },
  { from: "if v == '' then return nil, 'free' end", to: "" },
  { from: "r.key ~= own or r.size", to: "r.size" },
  { from: "r.key ~= own or r.size ~= redis.call('STRLEN', KEYS[1])", to: "r.key ~= own" },
  { from: "if string.find(v.err or '', '^WRONGTYPE') then return nil, 'foreign' end", to: "" },
  { from: "return nil, 'newer' end\n    return nil, 'foreign'", to: "return nil, 'newer' end\n    return nil, 'free'" },
  { from: "if r.header > #v then r = parse(redis.call('GET', KEYS[1])) end", to: "" },
  // Expiry.
  { from: "if tonumber(r.expires) <= now then", to: "if tonumber(r.expires) < now then" },
  { from: "if tonumber(r.expires) <= now then return nil, 'free' end", to: "" },
  {
    from: "if tonumber(r.expires) <= now then return nil, 'free'",
    to: "if tonumber(r.expires) <= now then return nil, 'foreign'",
  },
  { from: "if tonumber(b) > tonumber(a) then return b end", to: "" },
  { from: "if tonumber(b) > tonumber(a) then", to: "if tonumber(b) < tonumber(a) then" },
  { from: "if tonumber(b) > tonumber(a) then", to: "if tonumber(b) >= tonumber(a) then" },
  { from: "tonumber(expires) - now + 60000", to: "tonumber(expires) - now" },
  { from: "math.max(1, tonumber(expires) - now + 60000)", to: "tonumber(expires) - now + 60000" },
  // Create.
  { from: "if current or why == 'foreign' then", to: "if why == 'foreign' then" },
  { from: "if current or why == 'foreign' then", to: "if current then" },
  { from: "if current or why == 'foreign' then", to: "if (current and not current.retired) or why == 'foreign' then" },
  {
    from: "redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl(parse(ARGV[2]).expires))",
    to: "redis.call('SET', KEYS[1], ARGV[2])",
  },
  // Update.
  { from: "if not current then return { own, '0' } end", to: "if why == 'foreign' then return { own, '0' } end" },
  { from: "if current.version ~= ARGV[2] then", to: "if string.lower(current.version) ~= string.lower(ARGV[2]) then" },
  { from: "if current.version ~= ARGV[2] then", to: "if current.version ~= ARGV[2] and not current.retired then" },
  { from: "return { own, '0', redis.call('GET', KEYS[1]) }", to: "return { own, '0' }" },
  { from: "if not new.retired then expires =", to: "if true then expires =" },
  { from: "if not new.retired then expires =", to: "if not current.retired then expires =" },
  { from: "if new.owner == current.owner then indexed =", to: "if true then indexed =" },
  { from: "if new.owner == current.owner then indexed =", to: "if false then indexed =" },
  {
    from: "if tonumber(indexed) < tonumber(expires) then return { own, 'index', expires } end",
    to: "",
  },
  { from: "redis.call('SET', KEYS[1], ARGV[3], 'PX', ttl(expires))", to: "redis.call('SET', KEYS[1], ARGV[3])" },
  { from: "if expires ~= new.expires or indexed ~= new.indexed then", to: "if expires ~= new.expires then" },
  { from: "if expires ~= new.expires or indexed ~= new.indexed then", to: "if indexed ~= new.indexed then" },
  // Touch.
  { from: "if not current or current.retired or current.version", to: "if not current or current.version" },
  { from: "current.retired or current.version ~= ARGV[2] then", to: "current.retired then" },
  { from: "if expires == current.expires then", to: "if false then" },
  { from: "indexed = later(indexed, ARGV[4])", to: "" },
  {
    from: "if tonumber(indexed) < tonumber(expires) then return { own, 'index', expires, current.owner } end",
    to: "",
  },
  { from: "redis.call('PEXPIRE', KEYS[1], ttl(expires))", to: "" },
  // The index of owners.
  { from: "'-inf', string.format('%.0f', now - 60000)", to: "'-inf', string.format('%.0f', now)" },
  { from: "'-inf', string.format('%.0f', now - 60000)", to: "'-inf', '+inf'" },
  { from: "'ZADD', KEYS[1], 'GT', 'CH', ARGV[2]", to: "'ZADD', KEYS[1], 'CH', ARGV[2]" },
  { from: "'ZADD', KEYS[1], 'GT', 'CH', ARGV[2]", to: "'ZADD', KEYS[1], 'NX', 'CH', ARGV[2]" },
  { from: "'INCR', 1, ARGV[3]", to: "'INCR', 0, ARGV[3]" },
  { from: "return { ARGV[3], '1', stands }", to: "return { ARGV[3], '1', ARGV[2] }" },
  { from: "if score and tonumber(score) == tonumber(ARGV[1]) and", to: "if score and" },
  { from: "if score and tonumber(score) == tonumber(ARGV[1]) and", to: "if false and" },
  { from: "'XX', 'INCR', 0, ARGV[3]", to: "'INCR', 0, ARGV[3]" },
  { from: "math.max(1, score - now + 60000)", to: "1" },
  { from: "if redis.call('PTTL', KEYS[1]) < ttl then", to: "if redis.call('PTTL', KEYS[1]) > ttl then" },
  { from: "if redis.call('PTTL', KEYS[1]) < ttl then", to: "if true then" },
];

const mysql: readonly HandMutation[] = [
  // Insert.
  { from: "WHERE session_key = ? AND expires <= ?`", to: "WHERE session_key = ? AND expires < ?`" },
  {
    from: "WHERE session_key = ? AND expires <= ?`",
    to: "WHERE session_key = ? AND expires <= ? AND retired IS NULL`",
  },
  { from: "replaceExpired: `UPDATE ${t} SET ${set}", to: "replaceExpired: `UPDATE ${t} SET ${setLater}" },
  // Read.
  { from: "IN (${Array(mostKeys)", to: "NOT IN (${Array(mostKeys)" },
  {
    from: "read: `SELECT ${columns} FROM ${t} WHERE session_key = ?`",
    to: "read: `SELECT ${columns} FROM ${t} WHERE session_key = ? AND retired IS NULL`",
  },
  // Update.
  {
    from: 'session_key = ? AND version = ? AND expires > ?";',
    to: 'session_key = ? AND version >= ? AND expires > ?";',
  },
  {
    from: 'session_key = ? AND version = ? AND expires > ?";',
    to: 'session_key = ? AND version = ? AND expires >= ?";',
  },
  {
    from: 'session_key = ? AND version = ? AND expires > ?";',
    to: 'session_key = ? AND version = ? AND (expires > ? OR TRUE)";',
  },
  { from: "expires = GREATEST(expires, ?), owner", to: "expires = LEAST(expires, ?), owner" },
  { from: "expires = GREATEST(expires, ?), owner", to: "expires = IF(? > 0, expires, 0), owner" },
  { from: "updateToSession: `UPDATE ${t} SET ${setLater}", to: "updateToSession: `UPDATE ${t} SET ${set}" },
  { from: "updateToMarker: `UPDATE ${t} SET ${set}", to: "updateToMarker: `UPDATE ${t} SET ${setLater}" },
  // Touch.
  { from: "touch: `UPDATE ${t} SET expires = GREATEST(expires, ?)", to: "touch: `UPDATE ${t} SET expires = ?" },
  { from: "version = ? AND retired IS NULL AND expires > ?`", to: "version = ? AND expires > ?`" },
  {
    from: "version = ? AND retired IS NULL AND expires > ?`",
    to: "version = ? AND retired IS NULL AND (expires > ? OR TRUE)`",
  },
  { from: "version = ? AND retired IS NULL AND expires > ?`", to: "version = ? AND retired IS NULL AND expires >= ?`" },
  {
    from: "version = ? AND retired IS NULL AND expires >= ? AND expires > ?`",
    to: "version = ? AND expires >= ? AND expires > ?`",
  },
  {
    from: "version = ? AND retired IS NULL AND expires >= ? AND expires > ?`",
    to: "version = ? AND retired IS NULL AND expires > ? AND expires > ?`",
  },
  {
    from: "version = ? AND retired IS NULL AND expires >= ? AND expires > ?`",
    to: "version = ? AND retired IS NULL AND expires >= ? AND (expires > ? OR TRUE)`",
  },
  // Count and collect.
  { from: "WHERE expires > ? AND retired IS NULL`", to: "WHERE expires >= ? AND retired IS NULL`" },
  { from: "WHERE expires > ? AND retired IS NULL`", to: "WHERE expires > ?`" },
  { from: "WHERE expires <= ? ORDER BY expires LIMIT", to: "WHERE expires < ? ORDER BY expires LIMIT" },
  {
    from: "WHERE expires <= ? ORDER BY expires LIMIT",
    to: "WHERE expires <= ? AND retired IS NULL ORDER BY expires LIMIT",
  },
  { from: "WHERE expires <= ? ORDER BY expires LIMIT", to: "WHERE expires <= ? LIMIT" },
  // Listings.
  { from: "WHERE session_key > ? ORDER BY session_key LIMIT", to: "WHERE session_key >= ? ORDER BY session_key LIMIT" },
  { from: "WHERE session_key > ? ORDER BY session_key LIMIT", to: "WHERE session_key > ? LIMIT" },
  {
    from: "WHERE session_key > ? ORDER BY session_key LIMIT",
    to: "WHERE session_key > ? ORDER BY session_key DESC LIMIT",
  },
  { from: "expires, retired IS NULL FROM", to: "expires, TRUE FROM" },
  { from: "WHERE owner = ? AND session_key > ? ORDER BY", to: "WHERE owner = ? AND session_key >= ? ORDER BY" },
  {
    from: "WHERE owner = ? AND session_key > ? ORDER BY",
    to: "WHERE owner = ? AND session_key > ? AND retired IS NULL ORDER BY",
  },
  {
    from: "WHERE owner = ? AND session_key > ? ORDER BY session_key",
    to: "WHERE owner = ? AND session_key > ? ORDER BY session_key DESC",
  },
];

const postgres: readonly HandMutation[] = [
  // Read.
  { from: "WHERE ${key} AND +expires > $2`", to: "WHERE ${key} AND +expires >= $2`" },
  { from: "WHERE ${key} AND +expires > $2`", to: "WHERE ${key} AND (+expires > $2 OR true)`" },
  { from: "WHERE ${key} AND +expires > $2`", to: "WHERE ${key} AND +expires > $2 AND retired IS NULL`" },
  // Create.
  { from: "WHERE t.expires <= $7 RETURNING", to: "WHERE t.expires < $7 RETURNING" },
  { from: "WHERE t.expires <= $7 RETURNING", to: "WHERE t.expires <= $7 OR true RETURNING" },
  { from: "WHERE t.expires <= $7 RETURNING", to: "WHERE t.expires <= $7 AND t.retired IS NULL RETURNING" },
  {
    from: "DO UPDATE SET version = $2, expires = $3,",
    to: "DO UPDATE SET version = $2, expires = greatest(t.expires, $3),",
  },
  { from: "expires = $3, owner = $4, retired = $5, data = $6\n", to: "expires = $3, owner = $4, data = $6\n" },
  // Update.
  {
    from: "WHEN $5::text IS NULL THEN greatest(expires, $3) ELSE $3 END",
    to: "WHEN $5::text IS NULL THEN $3 ELSE $3 END",
  },
  {
    from: "WHEN $5::text IS NULL THEN greatest(expires, $3) ELSE $3 END",
    to: "WHEN $5::text IS NULL THEN greatest(expires, $3) ELSE greatest(expires, $3) END",
  },
  {
    from: "WHEN $5::text IS NULL THEN greatest(expires, $3) ELSE $3 END",
    to: "WHEN $5::text IS NULL THEN least(expires, $3) ELSE $3 END",
  },
  {
    from: "WHERE ${key} AND version = $7 AND +expires > $8 RETURNING",
    to: "WHERE ${key} AND ($7::text IS NULL OR true) AND +expires > $8 RETURNING",
  },
  {
    from: "WHERE ${key} AND version = $7 AND +expires > $8 RETURNING",
    to: "WHERE ${key} AND lower(version) = lower($7) AND +expires > $8 RETURNING",
  },
  { from: "WHERE ${key} AND version = $7 AND +expires > $8 RETURNING", to: "WHERE ${key} AND version = $7 RETURNING" },
  {
    from: "WHERE ${key} AND version = $7 AND +expires > $8 RETURNING",
    to: "WHERE ${key} AND version = $7 AND retired IS NULL AND +expires > $8 RETURNING",
  },
  {
    from: "AND +expires > $8 AND NOT EXISTS (SELECT FROM written) FOR NO KEY UPDATE",
    to: "AND NOT EXISTS (SELECT FROM written) FOR NO KEY UPDATE",
  },
  {
    from: "AND +expires > $8 AND NOT EXISTS (SELECT FROM written) FOR NO KEY UPDATE",
    to: "AND +expires > $8 AND NOT EXISTS (SELECT FROM written)",
  },
  { from: "AND NOT EXISTS (SELECT FROM written) FOR NO KEY UPDATE", to: "FOR NO KEY UPDATE" },
  // Touch.
  { from: "SET expires = greatest(expires, $2)", to: "SET expires = $2" },
  { from: "AND version = $3 AND retired IS NULL AND +expires > $4", to: "AND version = $3 AND +expires > $4" },
  {
    from: "AND version = $3 AND retired IS NULL AND +expires > $4",
    to: "AND version = $3 AND retired IS NULL AND expires >= $4",
  },
  {
    from: "AND version = $3 AND retired IS NULL AND +expires > $4",
    to: "AND version = $3 AND retired IS NULL AND (+expires > $4 OR true)",
  },
  {
    from: "AND version = $3 AND retired IS NULL AND +expires > $4",
    to: "AND ($3::text IS NULL OR true) AND retired IS NULL AND +expires > $4",
  },
  // Count and collect.
  { from: "WHERE retired IS NULL AND expires > $1`", to: "WHERE expires > $1`" },
  { from: "WHERE retired IS NULL AND expires > $1`", to: "WHERE retired IS NULL AND expires >= $1`" },
  { from: "WHERE expires <= $1\n", to: "WHERE expires < $1\n" },
  { from: "WHERE expires <= $1\n", to: "WHERE expires <= $1 AND retired IS NULL\n" },
  { from: "FOR UPDATE SKIP LOCKED", to: "FOR UPDATE" },
  { from: "FOR UPDATE SKIP LOCKED", to: "" },
  { from: "AND t.expires <= $1 RETURNING 1", to: "RETURNING 1" },
  { from: "ORDER BY expires LIMIT ${gcBatch}", to: "LIMIT ${gcBatch}" },
  { from: "SELECT count(*) AS n FROM removed", to: "SELECT count(*) AS n FROM gone" },
  // Listings.
  { from: "WHERE retired IS NULL AND expires > $1 ${page}", to: "WHERE retired IS NULL AND ($1::float8 > 0) ${page}" },
  { from: "WHERE retired IS NULL AND expires > $1 ${page}", to: "WHERE expires > $1 ${page}" },
  { from: "WHERE owner = $1 ${page}", to: "WHERE owner = $1 AND retired IS NULL ${page}" },
  { from: "AND key > decode($2, 'hex') ORDER BY t.key", to: "AND key >= decode($2, 'hex') ORDER BY t.key" },
  { from: "AND key > decode($2, 'hex') ORDER BY t.key LIMIT", to: "AND key > decode($2, 'hex') LIMIT" },
  {
    from: "AND key > decode($2, 'hex') ORDER BY t.key LIMIT",
    to: "AND key > decode($2, 'hex') ORDER BY t.key DESC LIMIT",
  },
];

/** What is mutated by hand, by the name of the subject. */
export const handMade: Readonly<Record<string, HandMade>> = {
  redis: { language: "Lua", file: "/redis/src/scripts.ts", mutations: lua },
  mysql: { language: "SQL", file: "/mysql/src/sql.ts", mutations: mysql },
  postgres: { language: "SQL", file: "/postgres/src/sql.ts", mutations: postgres },
};

/** The source with the mutation of this number, if it belongs to this file; unchanged without a number. */
export function mutateByHand(subject: string, path: string, source: string, number: string | undefined): string {
  const made = handMade[subject];
  if (number === undefined || made === undefined || !path.endsWith(made.file)) return source;
  const mutation = made.mutations[Number(number)];
  if (mutation === undefined) throw new Error(`there is no mutation ${number} of ${subject}'s ${made.language}`);
  const { from, to } = mutation;
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${made.file} holds ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}
