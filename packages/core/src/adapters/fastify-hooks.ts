/** The hooks of Fastify 5 that store a session before its reply leaves. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResponseHead } from "../http/head.js";
import type { Manager, NodeExchange } from "../manager/manager.js";

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

/** A request that has a `session`, and the exchange that the plugin keeps for its second hook. */
export type SessionRequest = FastifyRequestLike & { session?: unknown } & Record<
    symbol,
    NodeExchange<object> | undefined
  >;

type Done = (error?: Error | null, payload?: unknown) => void;

/** The hook that gives a request its session. */
export type OnRequest = (request: SessionRequest, reply: FastifyReplyLike, next: Done) => void;

/** Begins the exchange of a request, once. */
export type Begin = (request: SessionRequest, reply: FastifyReplyLike) => NodeExchange<object>;

/** The parts of a Fastify instance that the plugin uses. */
export interface FastifyLike {
  decorateRequest(name: "session", value: null): unknown;
  /** Fastify types its hooks by the application's own server, logger and routes, so no single type fits all of them. */
  addHook(name: "onRequest" | "onSend", hook: never): unknown;
}

/** A plugin of Fastify, described by its shape. */
export type FastifyPlugin = (instance: FastifyLike, options: object, done: (error?: Error) => void) => void;

/** A plugin for the whole application, which is not encapsulated. `onRequestWith` makes its first hook. */
export function pluginOf<D extends object>(
  sessions: Manager<D>,
  name: string,
  onRequestWith: (begin: Begin) => OnRequest,
): FastifyPlugin {
  const plugin: FastifyPlugin = (instance, _options, done) => {
    const begun = Symbol("sess");
    const begin: Begin = (request, reply) => {
      request[begun] ??= sessions.begin(request.raw, reply.raw) as NodeExchange<object>;
      return request[begun];
    };
    const onSend = (request: SessionRequest, reply: FastifyReplyLike, payload: unknown, next: Done) => {
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
    instance.addHook("onRequest", onRequestWith(begin) as never);
    instance.addHook("onSend", onSend as never);
    done();
  };
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: name });
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
