import type { IncomingMessage } from "node:http";
import type { Settings } from "../config/options.js";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import { isId } from "../ids.js";
import { cookieValues, isOversized, MAX_COOKIE_VALUES } from "./cookies.js";

/** What a session needs to know of a request, whatever kind of server it came to. */
export interface RequestView {
  /** By its name in lower case; several of one name as one, as RFC 9110, section 5.3 joins them. */
  header(name: string): string | undefined;
  readonly url: string;
  /** As the client named the server, with the port where it named one; "" when it did not. */
  host(): string;
  /** Whether it came over TLS to this very process. */
  readonly encrypted: boolean;
  /** The peer's address; "" where it has gone, `undefined` where nobody told it. */
  readonly peer: string | undefined;
}

/** A request of `node:http`. */
export class NodeRequest implements RequestView {
  readonly #req: IncomingMessage;
  // Asked for at once: the connection may be gone by the time the response leaves, and HTTP/2's throws then.
  readonly encrypted: boolean;
  readonly peer: string | undefined;

  constructor(req: IncomingMessage) {
    this.#req = req;
    // What only looks like a request may have no socket.
    const socket: Partial<IncomingMessage["socket"]> | undefined = req.socket;
    this.encrypted = socket !== undefined && "encrypted" in socket && socket.encrypted === true;
    this.peer = socket?.remoteAddress ?? "";
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  get url(): string {
    return this.#req.url ?? "";
  }

  host(): string {
    const { headers } = this.#req;
    // HTTP/2 has the one in place of the other (RFC 9113, section 8.3.1).
    return headers.host ?? String(headers[":authority"] ?? "");
  }
}

/** What a `Request` does not say about its connection. */
export interface ConnectionInfo {
  /** The address of the client, or of the proxy next to the server: what a `trustProxy` function is asked about. */
  readonly peer?: string | undefined;
  /** Whether it came over TLS to this very process. Default: what the scheme of the URL says. */
  readonly secure?: boolean | undefined;
}

/** A request of the Fetch standard. Its URL says whether it came over TLS. */
export class FetchRequest implements RequestView {
  readonly #request: Request;
  readonly #secure: boolean | undefined;
  readonly peer: string | undefined;

  constructor(request: Request, { peer, secure }: ConnectionInfo = {}) {
    this.#request = request;
    this.#secure = secure;
    this.peer = peer;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  get url(): string {
    return this.#request.url;
  }

  host(): string {
    return new URL(this.url).host;
  }

  get encrypted(): boolean {
    return this.#secure ?? this.url.startsWith("https:");
  }
}

/** The ids a request came with. */
export interface PresentedIds {
  /** Well-shaped and distinct, of all places together at most eight; mostly one or none. */
  readonly all: readonly string[];
  /** The same by place: the cookie wins over the header, and that over the query. */
  readonly places: readonly (readonly string[])[];
  /** Whether there was a cookie of our name at all, well-shaped or not, or may have been. */
  readonly cookie: boolean;
  /** Whether there was anything that was meant as an id. */
  readonly some: boolean;
  /** Whether the Cookie header was too long to be looked at. */
  readonly oversized: boolean;
}

const nothing: PresentedIds = { all: [], places: [], cookie: false, some: false, oversized: false };

/** Checks shapes only: what is not an id of ours costs no I/O. A stale id in one place hides none in another. */
export function presentedIds(request: RequestView, settings: Settings): PresentedIds {
  const header = request.header("cookie");
  if (header === undefined && settings.sidHeader === undefined && !settings.sidInUrlQuery) return nothing;
  const oversized = isOversized(header);
  const all: string[] = [];
  let [cookie, some] = [oversized, false];
  const isNew = (value: string): boolean => {
    some ||= value !== "";
    if (all.length === MAX_COOKIE_VALUES || !isId(settings.id, value) || all.includes(value)) return false;
    all.push(value);
    return true;
  };
  const inCookie = cookieValues(header, settings.cookieName, (value) => {
    cookie = true;
    return isNew(value);
  });
  const places = [inCookie];
  if (settings.sidHeader !== undefined) places.push(fromHeader(request, settings).filter(isNew));
  if (settings.sidInUrlQuery) places.push(fromQuery(request, settings).filter(isNew));
  return { all, places, cookie, some, oversized };
}

function fromHeader(request: RequestView, { sidHeader }: Settings): string[] {
  const value = sidHeader && request.header(sidHeader.toLowerCase());
  return value ? [value] : [];
}

function fromQuery({ url }: RequestView, settings: Settings): string[] {
  const start = settings.sidInUrlQuery ? url.indexOf("?") : -1;
  return start < 0 ? [] : new URLSearchParams(url.slice(start)).getAll(settings.cookieName);
}

/**
 * Whether the client reached us over TLS: directly, or as `X-Forwarded-Proto` says where the peer is a proxy that the
 * application declared. Undeclared, that header is the client's own word and counts for nothing.
 */
export function isSecure(request: RequestView, trustProxy: Settings["trustProxy"]): boolean {
  if (request.encrypted) return true;
  if (trustProxy === false || trustProxy === 0) return false;
  if (typeof trustProxy === "function" && !isTrusted(trustProxy, request.peer)) return false;
  const forwarded = forwardedProtocols(request);
  // Each proxy appends; with n trusted ones, the n-th from the right is what the outermost of them saw.
  const hops = typeof trustProxy === "number" ? trustProxy : 1;
  const seen = forwarded[Math.max(0, forwarded.length - hops)];
  return seen === "https";
}

const reported = new WeakSet<object>();

/** A client that has gone has no address any more; a function that throws, or answers otherwise than true, trusts nobody. */
export function isTrusted(trusts: (address: string) => boolean, peer: string | undefined): boolean {
  if (!peer) return false;
  try {
    return trusts(peer) === true;
  } catch (error) {
    if (!reported.has(trusts)) {
      reported.add(trusts);
      report(error);
    }
    return false;
  }
}

/** Throws `SESS_CONFIG` where the answer depends on an address that nobody told. */
export function assertPeerKnown(request: RequestView, { trustProxy, cookie }: Settings): void {
  if (typeof trustProxy !== "function" || request.peer !== undefined) return;
  if (request.encrypted || cookie.secure !== "auto") return;
  const told = "pass { peer } to begin or handle, or set it to the number of proxies";
  throw new SessionError(
    "SESS_CONFIG",
    `option "trustProxy" is a function, and nobody told the peer's address: ${told}`,
  );
}

/** Whether somebody, the client perhaps, says that TLS ends before us. To be believed of nobody who was not declared. */
export function claimsTls(request: RequestView): boolean {
  return forwardedProtocols(request).includes("https");
}

/** What `X-Forwarded-Proto` says, the proxy next to us last. */
function forwardedProtocols(request: RequestView): string[] {
  const header = request.header("x-forwarded-proto") ?? "";
  return header.split(",").map((protocol) => protocol.trim().toLowerCase());
}

/** Whether browsers treat the host as safe without TLS (W3C Secure Contexts, section 3.1). */
export function isLocal(request: RequestView): boolean {
  return /^(?:(?:[^:]+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d*)?$/i.test(request.host());
}
