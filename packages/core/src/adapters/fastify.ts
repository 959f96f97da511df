/** Sessions for Fastify 5. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Manager } from "../manager/manager.js";
import type { SessionStore } from "../session/session-store.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// Where Fastify is not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "fastify" {
  interface FastifyRequest extends SessionGetter {}
}

/** What the hooks need of a request of Fastify. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

/** What the hooks need of a reply of Fastify. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly statusCode: number;
}

/** With what was asked for kept by the plugin. */
type Asking = FastifyRequestLike & Record<symbol, Promise<object> | undefined>;

type Done = (error?: Error | null, payload?: unknown) => void;

/** What the plugin needs of an instance of Fastify. */
export interface FastifyLike {
  decorateRequest(name: "session", value: null): unknown;
  /** Whose hooks Fastify types by the application's own server, logger and routes: no one shape fits them all. */
  addHook(name: "onRequest" | "onSend", hook: never): unknown;
}

/** A plugin of Fastify, by its shape. */
export type FastifyPlugin = (instance: FastifyLike, options: object, done: (error?: Error) => void) => void;

/**
 * A plugin that gives each request `request.session()`, in the whole application: it is not encapsulated.
 *
 * ```ts
 * app.register(session(sessions));
 * app.get("/", async (request) => {
 *   const session = await request.session();
 *   return { user: session.get("user") };
 * });
 * ```
 *
 * What `session()` rejects with is thrown by the handler that asked, and a save that fails by an `onSend` hook, so both
 * come to the application's error handler. Fields are stored whatever the reply's status, unless that is a 5xx.
 */
export function session<D extends object>(sessions: Manager<D>): FastifyPlugin {
  const plugin: FastifyPlugin = (instance, _options, done) => {
    const asked = Symbol("sess");
    const onRequest = (request: Asking, reply: FastifyReplyLike, next: Done) => {
      const getter = () => {
        const started = sessions.start(request.raw, reply.raw);
        request[asked] = started;
        return started;
      };
      Object.assign(request, { session: getter });
      next();
    };

    const onSend = (request: Asking, reply: FastifyReplyLike, payload: unknown, next: Done) => {
      const started = reply.statusCode < 500 ? request[asked] : undefined;
      if (started !== undefined) return save(started, payload);
      next(null, payload);
      return undefined;
    };

    // Decorated with what each request then replaces, so that all requests have one shape.
    instance.decorateRequest("session", null);
    instance.addHook("onRequest", onRequest as never);
    instance.addHook("onSend", onSend as never);
    done();
  };
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "sess" });
}

async function save(started: Promise<object>, payload: unknown): Promise<void> {
  const session = (await started.catch(() => undefined)) as SessionStore | undefined;
  try {
    await session?.release();
  } catch (error) {
    // Nobody will read it: the error handler sends something else.
    if (isStream(payload)) payload.destroy();
    throw error;
  }
}

function isStream(payload: unknown): payload is { destroy(): void } {
  return typeof payload === "object" && payload !== null && "pipe" in payload && "destroy" in payload;
}
