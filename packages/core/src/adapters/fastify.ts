/** Sessions for Fastify 5. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResponseHead } from "../http/head.js";
import type { Manager, NodeExchange } from "../manager/manager.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// Where Fastify is not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "fastify" {
  interface FastifyRequest extends SessionGetter {}
}

/** The parts of a Fastify request that the hooks use. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
}

/** The parts of a Fastify reply that the hooks use. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  getHeader(name: string): number | string | string[] | undefined;
  /** For Set-Cookie, it adds another one. */
  header(name: string, value: string): unknown;
}

/** A request with the exchange that the plugin keeps for its second hook. */
type Begun = FastifyRequestLike & { session?: unknown } & Record<symbol, NodeExchange<object> | undefined>;

type Done = (error?: Error | null, payload?: unknown) => void;

/** The parts of a Fastify instance that the plugin uses. */
export interface FastifyLike {
  decorateRequest(name: "session", value: null): unknown;
  /** Fastify types its hooks by the application's own server, logger and routes, so no single type fits all of them. */
  addHook(name: "onRequest" | "onSend", hook: never): unknown;
}

/** A plugin of Fastify, described by its shape. */
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
 * If `session()` rejects, the handler throws the error; if a save fails, an `onSend` hook throws. Both errors go to the
 * application's error handler. The reply stores the fields, whatever its status, unless that is 5xx. A response that
 * bypasses Fastify (`reply.hijack()`, `reply.raw`) is held until the session is stored, as with `start`.
 */
export function session<D extends object>(sessions: Manager<D>): FastifyPlugin {
  const plugin: FastifyPlugin = (instance, _options, done) => {
    const begun = Symbol("sess");
    const onRequest = (request: Begun, reply: FastifyReplyLike, next: Done) => {
      request.session = () => {
        request[begun] ??= sessions.begin(request.raw, reply.raw) as NodeExchange<object>;
        return request[begun].session();
      };
      next();
    };

    const onSend = (request: Begun, reply: FastifyReplyLike, payload: unknown, next: Done) => {
      const exchange = request[begun];
      if (exchange === undefined) {
        next(null, payload);
        return;
      }
      exchange.respond(reply.statusCode, headOf(reply)).then(
        () => next(null, payload),
        (error: Error) => {
          // This payload will not be read, since the error handler sends another one.
          if (isStream(payload)) payload.destroy();
          next(error);
        },
      );
    };

    // Decorated with a value that each request replaces, so that all requests have the same shape.
    instance.decorateRequest("session", null);
    instance.addHook("onRequest", onRequest as never);
    instance.addHook("onSend", onSend as never);
    done();
  };
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "sess" });
}

function headOf(reply: FastifyReplyLike): ResponseHead {
  return {
    getHeader: (name) => reply.getHeader(name),
    setHeader: (name, value) => void reply.header(name, value),
    appendHeader: (name, value) => void reply.header(name, value),
  };
}

function isStream(payload: unknown): payload is { destroy(): void } {
  return typeof payload === "object" && payload !== null && "pipe" in payload && "destroy" in payload;
}
