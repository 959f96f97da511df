/**
 * Stryker does not read Lua: to it a script is a text, which it can only empty. So these changes are made by hand, each
 * of a piece of text that the scripts hold exactly once.
 */
export interface LuaMutation {
  readonly from: string;
  readonly to: string;
}

export const luaMutations: readonly LuaMutation[] = [
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
  { from: "'ZADD', KEYS[1], 'GT', ARGV[2]", to: "'ZADD', KEYS[1], ARGV[2]" },
  { from: "'ZADD', KEYS[1], 'GT', ARGV[2]", to: "'ZADD', KEYS[1], 'NX', ARGV[2]" },
  { from: "math.max(1, score - now + 60000)", to: "1" },
  { from: "if redis.call('PTTL', KEYS[1]) < ttl then", to: "if redis.call('PTTL', KEYS[1]) > ttl then" },
  { from: "if redis.call('PTTL', KEYS[1]) < ttl then", to: "if true then" },
];

/** The source of the scripts with the mutation of this number; as it is where there is no number. */
export function mutateLua(source: string, number: string | undefined): string {
  if (number === undefined) return source;
  const mutation = luaMutations[Number(number)];
  if (mutation === undefined) throw new Error(`there is no mutation ${number} of the Lua`);
  const { from, to } = mutation;
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`the scripts hold ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}
