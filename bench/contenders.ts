/** Which servers are compared. Within a group all use the same framework, so that only their sessions differ. */
export interface Contender {
  readonly name: string;
  /** A file of `servers/`. */
  readonly server: string;
  readonly env: Readonly<Record<string, string>>;
  /** `bare`: the same server without sessions; `before`: ours of another commit. */
  readonly role: "ours" | "floor" | "peer" | "bare" | "before";
  /** The folder with `servers/`, if not this one. */
  readonly folder?: string;
}

/** A server to be started for a group. */
export type Backend = "redis" | "mysql" | "postgres" | "directory" | "none";

export interface Group {
  readonly name: string;
  readonly backend: Backend;
  readonly contenders: readonly Contender[];
  /** The most characters of data, because a cookie has a limit. */
  readonly largest?: number;
  /** The goals of ours; 0 means no goal. */
  readonly goals: {
    /** At most this many times the CPU that the floor adds to a request without a session: read, write. */
    readonly added?: readonly [number, number];
    /** At least this much of the floor's requests per second. */
    readonly floor?: readonly [number, number];
    /** At least this much of the best peer's. */
    readonly peer?: readonly [number, number];
  };
}

function ours(provider: string, framework: string, more: Record<string, string> = {}): Contender {
  const env = { PROVIDER: provider, FRAMEWORK: framework, ...more };
  return { name: `@sess/${provider === "memory" ? "core" : provider}`, server: "sess", env, role: "ours" };
}
const bare: Contender = { name: "no session", server: "bare", env: {}, role: "bare" };
const floor = (server: string, name = "hand-written"): Contender => ({ name, server, env: {}, role: "floor" });
const peer = (name: string, server: string, provider = ""): Contender => ({
  name,
  server,
  env: { PROVIDER: provider },
  role: "peer",
});

export const groups: readonly Group[] = [
  {
    name: "memory, node:http",
    backend: "none",
    contenders: [bare, floor("memory-floor"), ours("memory", "node")],
    goals: { added: [2, 2.5] },
  },
  {
    name: "memory, Express",
    backend: "none",
    contenders: [
      { ...bare, server: "express-bare" },
      peer("MemoryStore", "express-session", "memory"),
      peer("memorystore", "express-session", "memorystore"),
      ours("memory", "express"),
    ],
    goals: { peer: [2.5, 2] },
  },
  {
    name: "memory, Fastify",
    backend: "none",
    contenders: [
      { ...bare, server: "fastify-session", env: { PROVIDER: "none" } },
      peer("@fastify/session", "fastify-session", "memory"),
      ours("memory", "fastify"),
    ],
    goals: { peer: [2, 1.5] },
  },
  {
    name: "memory, Koa",
    backend: "none",
    contenders: [{ ...bare, server: "koa-session", env: { PROVIDER: "none" } }, ours("memory", "koa")],
    goals: {},
  },
  {
    name: "redis, node:http",
    backend: "redis",
    contenders: [bare, floor("redis-floor"), ours("redis", "node")],
    goals: { added: [1.5, 1.8] },
  },
  {
    name: "redis, Express",
    backend: "redis",
    contenders: [peer("connect-redis", "express-session", "redis"), ours("redis", "express")],
    goals: { peer: [2.5, 2.5] },
  },
  {
    name: "mysql, node:http",
    backend: "mysql",
    contenders: [bare, floor("mysql-floor"), ours("mysql", "node")],
    goals: { added: [1.5, 1.8] },
  },
  {
    name: "mysql, Express",
    backend: "mysql",
    contenders: [peer("express-mysql-session", "express-session", "mysql"), ours("mysql", "express")],
    goals: { peer: [2.5, 2] },
  },
  {
    name: "postgres, node:http",
    backend: "postgres",
    contenders: [bare, floor("postgres-floor"), ours("postgres", "node")],
    goals: { added: [1.5, 1.8] },
  },
  {
    name: "postgres, Express",
    backend: "postgres",
    contenders: [peer("connect-pg-simple", "express-session", "postgres"), ours("postgres", "express")],
    goals: { peer: [2.5, 2] },
  },
  {
    name: "file, node:http",
    backend: "directory",
    contenders: [bare, floor("file-floor"), ours("file", "node")],
    goals: { floor: [0.8, 0.7] },
  },
  {
    name: "file, Express, durable",
    backend: "directory",
    contenders: [peer("session-file-store", "express-session", "file"), ours("file", "express", { DURABLE: "1" })],
    goals: { peer: [5, 1.3] },
  },
  {
    name: "cookie, node:http",
    backend: "none",
    largest: 2048,
    contenders: [
      bare,
      floor("aes-floor", "bare AES-GCM"),
      peer("iron-session", "iron-session"),
      ours("cookie", "node"),
    ],
    goals: { peer: [5, 5] },
  },
  {
    name: "cookie, Express",
    backend: "none",
    largest: 2048,
    contenders: [
      { ...bare, server: "express-bare" },
      peer("cookie-session", "cookie-session"),
      ours("cookie", "express"),
    ],
    goals: { peer: [1.5, 1.5] },
  },
  {
    name: "cookie, Fastify",
    backend: "none",
    largest: 2048,
    contenders: [
      { ...bare, server: "fastify-session", env: { PROVIDER: "none" } },
      peer("@fastify/secure-session", "fastify-session", "cookie"),
      ours("cookie", "fastify"),
    ],
    goals: { peer: [1, 1.2] },
  },
  {
    name: "cookie, Koa",
    backend: "none",
    largest: 2048,
    contenders: [
      { ...bare, server: "koa-session", env: { PROVIDER: "none" } },
      peer("koa-session", "koa-session"),
      ours("cookie", "koa"),
    ],
    goals: { peer: [1.5, 1.5] },
  },
];
