import type { Provider, ProviderContext } from "../../src/provider.js";
import type { AtUrl } from "./support.js";

/** A private server of a database, for tests that stop it, kill it or look into it. */
export interface SqlServer extends AtUrl {
  readonly port: number;
  pause(): Promise<unknown>;
  resume(): unknown;
  kill(): Promise<unknown>;
  restart(): Promise<unknown>;
}

/** A connection of the tests' own, which holds locks. */
export interface Holder {
  query(sql: string): Promise<unknown>;
  release(): unknown;
}

/** What the tests do themselves, as a user who may do everything. */
export interface Admin {
  query(sql: string): Promise<unknown>;
  /** A connection for one test, in no transaction. */
  hold(): Promise<Holder>;
  /** How many connections of clients there are, besides the one that asks. */
  connections(): Promise<number>;
  /** How many statements wait for a lock now. */
  waiting(): Promise<number>;
  end(): Promise<unknown>;
}

/** What is configured alike for every database. */
export interface CommonConfig {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly poolSize?: number;
  readonly table?: string;
  readonly createTable?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  /** The caller's. */
  readonly pool?: unknown;
}

/** A pool that a caller brings. */
export interface CallersPool {
  readonly pool: unknown;
  end(): Promise<unknown>;
}

/** A provider over a table of a database, and what of its tests depends on which database it is. */
export interface SqlSubject {
  /** Of the provider. */
  readonly name: string;
  start(): Promise<SqlServer>;
  admin(url: string): Admin;
  /** A handle; `url` is left out where a pool, or a host and a port, are given. */
  connect(url: string | undefined, config: CommonConfig, context: ProviderContext): Promise<Provider>;
  /** The pool of a caller, who listens to its errors. */
  callersPool(url: string): CallersPool;
  ddl(table: string): string;
  readonly keyColumn: string;
  /** A key as it stands in a statement. */
  key(hex: string): string;
}
