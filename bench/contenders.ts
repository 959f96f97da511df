/** Who is measured against whom. Within a group all run the same framework, so that they differ by their sessions. */
export interface Contender {
  readonly name: string;
  /** A file of `servers/`. */
  readonly server: string;
  readonly env: Readonly<Record<string, string>>;
  readonly role: "ours" | "floor" | "peer";
}

/** A server to be started for a group. */
export type Backend = "redis" | "mysql" | "postgres" | "directory" | "none";

export interface Group {
  readonly name: string;
  readonly backend: Backend;
  readonly contenders: readonly Contender[];
  /** Most characters of data; a cookie holds no more. */
  readonly largest?: number;
  /** What ours is to reach of the floor's requests per second, and of the best peer's; lower quartiles. */
  readonly goals: {
    readonly read?: number;
    readonly write?: number;
    readonly peerRead?: number;
    readonly peerWrite?: number;
  };
}

function ours(provider: string, framework: string, more: Record<string, string> = {}): Contender {
  const env = { PROVIDER: provider, FRAMEWORK: framework, ...more };
  return { name: `@sess/${provider === "memory" ? "core" : provider}`, server: "sess", env, role: "ours" };
}
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
    contenders: [floor("bare", "no session"), ours("memory", "node")],
    goals: { read: 0.9, write: 0.8 },
  },
  {
    name: "memory, Express",
    backend: "none",
    contenders: [
      floor("express-bare", "no session"),
      peer("MemoryStore", "express-session", "memory"),
      peer("memorystore", "express-session", "memorystore"),
      ours("memory", "express"),
    ],
    goals: { peerRead: 2.5, peerWrite: 2.5 },
  },
  {
    name: "memory, Fastify",
    backend: "none",
    contenders: [
      { ...floor("fastify-session", "no session"), env: { PROVIDER: "none" } },
      peer("@fastify/session", "fastify-session", "memory"),
      ours("memory", "fastify"),
    ],
    goals: { peerRead: 1, peerWrite: 1 },
  },
  {
    name: "redis, node:http",
    backend: "redis",
    contenders: [floor("redis-floor"), ours("redis", "node")],
    goals: { read: 0.95, write: 0.95 },
  },
  {
    name: "redis, Express",
    backend: "redis",
    contenders: [peer("connect-redis", "express-session", "redis"), ours("redis", "express")],
    goals: { peerRead: 2, peerWrite: 2 },
  },
  {
    name: "mysql, node:http",
    backend: "mysql",
    contenders: [floor("mysql-floor"), ours("mysql", "node")],
    goals: { read: 0.95, write: 0.95 },
  },
  {
    name: "mysql, Express",
    backend: "mysql",
    contenders: [peer("express-mysql-session", "express-session", "mysql"), ours("mysql", "express")],
    goals: { peerRead: 2.5, peerWrite: 2.5 },
  },
  {
    name: "postgres, node:http",
    backend: "postgres",
    contenders: [floor("postgres-floor"), ours("postgres", "node")],
    goals: { read: 0.95, write: 0.95 },
  },
  {
    name: "postgres, Express",
    backend: "postgres",
    contenders: [peer("connect-pg-simple", "express-session", "postgres"), ours("postgres", "express")],
    goals: { peerRead: 2.5, peerWrite: 2.5 },
  },
  {
    name: "file, node:http",
    backend: "directory",
    contenders: [floor("file-floor"), ours("file", "node")],
    goals: { read: 0.8, write: 0.6 },
  },
  {
    name: "file, Express, durable",
    backend: "directory",
    contenders: [peer("session-file-store", "express-session", "file"), ours("file", "express", { DURABLE: "1" })],
    goals: { peerRead: 10, peerWrite: 10 },
  },
  {
    name: "cookie, node:http",
    backend: "none",
    largest: 2048,
    contenders: [floor("aes-floor", "bare AES-GCM"), peer("iron-session", "iron-session"), ours("cookie", "node")],
    goals: { read: 0.8, write: 0.8, peerRead: 5, peerWrite: 5 },
  },
  {
    name: "cookie, Express",
    backend: "none",
    largest: 2048,
    contenders: [peer("cookie-session", "cookie-session"), ours("cookie", "express")],
    goals: { peerRead: 1, peerWrite: 1 },
  },
  {
    name: "cookie, Fastify",
    backend: "none",
    largest: 2048,
    contenders: [peer("@fastify/secure-session", "fastify-session", "cookie"), ours("cookie", "fastify")],
    goals: { peerRead: 1, peerWrite: 1 },
  },
  {
    name: "cookie, Koa",
    backend: "none",
    largest: 2048,
    contenders: [peer("koa-session", "koa-session"), ours("cookie", "koa")],
    goals: { peerRead: 1, peerWrite: 1 },
  },
];
