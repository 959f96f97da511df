import type { IncomingMessage, ServerResponse } from "node:http";
import { toDictionaryMode } from "../http/dictionary-mode.js";
import { holdResponse } from "../http/hold/hold-response.js";
import { NodeRequest } from "../http/request-view.js";
import { type ResponseSettings, SessionResponse } from "../http/response-commit.js";
import type { Session } from "../session/session.js";

/**
 * The session of a request. It remembers the request: a copy of a request has the same property but is another request.
 */
export class StartedRequest<D extends object> {
  readonly req: IncomingMessage;
  readonly request: NodeRequest;
  readonly response: SessionResponse;
  /** Whether there is no response, or no longer one. The session is then stored and prolonged by itself. */
  readonly isAlone: boolean;
  /** The response that came last; mostly the only one. */
  #held: ServerResponse | undefined;
  /** `undefined` until it is requested, and after a failure: a store that was down may be up again. */
  session: Promise<Session<D>> | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, settings: ResponseSettings) {
    this.req = req;
    this.request = new NodeRequest(req);
    this.isAlone = isUpgrade(req, res) || res.writableEnded;
    const isOver = () => this.isAlone || res.writableEnded || res.destroyed;
    this.response = new SessionResponse(this.request, settings, this.isAlone || res.headersSent, isOver);
  }

  hold(res: ServerResponse): void {
    if (this.#held === res || this.isAlone) return;
    this.#held = res;
    holdResponse(res, this.response);
  }
}

/**
 * Whether there is no response to hold, because the connection changes to another protocol and its response object is
 * not a real one. A server that does not upgrade answers such a request normally, and Node shows that.
 */
function isUpgrade(req: IncomingMessage & { readonly upgrade?: unknown }, res: ServerResponse): boolean {
  if (req.headers.upgrade === undefined) return false;
  return req.upgrade === true || !("statusCode" in res);
}

/** The requests whose session was asked for. */
export class StartedRequests<D extends object> {
  readonly #settings: ResponseSettings;
  /** Where a request has its own: a WeakMap with an entry for each costs the garbage collector far more. */
  readonly #slot = Symbol("sess");

  constructor(settings: ResponseSettings) {
    this.#settings = settings;
  }

  of(req: IncomingMessage, res: ServerResponse): StartedRequest<D> {
    const carrier = req as IncomingMessage & Record<symbol, StartedRequest<D>>;
    const before = carrier[this.#slot];
    if (before !== undefined && before.req === req) return before;
    const started = new StartedRequest<D>(req, res, this.#settings);
    toDictionaryMode(req, "upgrade");
    carrier[this.#slot] = started;
    return started;
  }
}
