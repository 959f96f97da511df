/** What one process imports, in this order. */
export interface Imported {
  readonly name: string;
  readonly imports: readonly string[];
}

const alone = (...names: readonly string[]): Imported[] => names.map((name) => ({ name, imports: [name] }));
const together = (...imports: readonly string[]): Imported => ({ name: imports.join(" + "), imports });

/**
 * What every server loads and the others build on; ours, each provider with core and without its driver, which is
 * loaded when it connects; the drivers; the peers.
 */
export const packages: readonly Imported[] = [
  together("node:http", "node:crypto"),
  ...alone("@sess/core", "@sess/core/express", "@sess/core/fastify", "@sess/core/koa"),
  ...alone("@sess/file", "@sess/redis", "@sess/mysql", "@sess/postgres", "@sess/cookie"),
  ...alone("ioredis", "redis", "mysql2", "pg"),
  ...alone(
    "express-session",
    "memorystore",
    "session-file-store",
    "connect-redis",
    "express-mysql-session",
    "connect-pg-simple",
  ),
  ...alone("cookie-session", "iron-session", "koa-session"),
  ...alone("@fastify/cookie", "@fastify/session", "@fastify/secure-session"),
];

/** Everything that is loaded once sessions are kept in a store, except the framework. */
export const applications: readonly Imported[] = [
  together("@sess/core", "@sess/core/express"),
  together("express-session", "memorystore"),
  together("@fastify/cookie", "@fastify/session"),
  together("@sess/file", "@sess/core/express"),
  together("express-session", "session-file-store"),
  together("@sess/redis", "@sess/core/express", "ioredis"),
  together("express-session", "connect-redis", "redis"),
  together("@sess/mysql", "@sess/core/express", "mysql2"),
  together("express-session", "express-mysql-session"),
  together("@sess/postgres", "@sess/core/express", "pg"),
  together("express-session", "connect-pg-simple"),
];

export interface Bundled {
  readonly name: string;
  /** The module that is given to the bundler. */
  readonly source: string;
}

const ours = (provider: string): Bundled => ({
  name: `createManager + @sess/${provider}`,
  source: `import "@sess/${provider}"; export { createManager } from "@sess/core";`,
});
const ofDefaults = (...names: readonly string[]): Bundled => ({
  name: names.join(" + "),
  source: names.map((name, n) => `export { default as export${n} } from "${name}";`).join("\n"),
});

export const bundles: readonly Bundled[] = [
  { name: "createManager", source: 'export { createManager } from "@sess/core";' },
  {
    name: "createManager + @sess/core/express",
    source: 'export { createManager } from "@sess/core"; export { session } from "@sess/core/express";',
  },
  ofDefaults("express-session"),
  ofDefaults("express-session", "memorystore"),
  ofDefaults("@fastify/cookie", "@fastify/session"),
  ours("file"),
  ofDefaults("express-session", "session-file-store"),
  ours("redis"),
  {
    name: "express-session + connect-redis",
    source: `${ofDefaults("express-session").source}
export { RedisStore } from "connect-redis"; export { createClient } from "redis";`,
  },
  ours("mysql"),
  ofDefaults("express-session", "express-mysql-session"),
  ours("postgres"),
  ofDefaults("express-session", "connect-pg-simple"),
  ours("cookie"),
  ofDefaults("cookie-session"),
  { name: "iron-session", source: 'export { getIronSession } from "iron-session";' },
  { name: "koa-session", source: 'export { createSession } from "koa-session";' },
  ofDefaults("@fastify/secure-session"),
];
