/** Sessions for Fastify 5. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Manager, NodeExchange, ResponseHead } from "../manager/manager.js";
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
  getHeader(name: string): number | string | string[] | undefined;
  /** Of Set-Cookie it adds one more. */
  header(name: string, value: string): unknown;
}

/** With what the plugin keeps for its second hook. */
type Begun = FastifyRequestLike & Record<symbol, NodeExchange<object> | undefined>;

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
 * come to the application's error handler. Fields are stored whatever the reply's status, unless that is a 5xx. What goes
 * past Fastify (`reply.hijack()`, `reply.raw`) is held until the session is stored, as by `start`.
 */
export function session<D extends object>(sessions: Manager<D>): FastifyPlugin {
  const plugin: FastifyPlugin = (instance, _options, done) => {
    const begun = Symbol("sess");
    const onRequest = (request: Begun, reply: FastifyReplyLike, next: Done) => {
      const getter = () => {
        request[begun] ??= sessions.begin(request.raw, reply.raw) as NodeExchange<object>;
        return request[begun].session();
      };
      Object.assign(request, { session: getter });
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
          // Nobody will read it: the error handler sends something else.
          if (isStream(payload)) payload.destroy();
          next(error);
        },
      );
    };

    // Decorated with what each request then replaces, so that all requests have one shape.
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
