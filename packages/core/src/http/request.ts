import type { IncomingMessage } from "node:http";
import type { Settings } from "../config/config.js";
import { isId } from "../keys.js";
import { cookieValues } from "./cookies.js";

/** The ids a request came with. */
export interface Presented {
  /** Well-shaped and distinct, in the request's order; mostly one or none. */
  readonly ids: readonly string[];
  /** Whether there was a cookie of our name at all, well-shaped or not. */
  readonly cookie: boolean;
}

// A browser sends several cookies of one name when they were set for different paths or domains. Each costs a read.
const mostIds = 3;

/** Checks shapes only: what is not an id of ours costs no I/O. The cookie wins over the header, that over the query. */
export function presentedIds(req: IncomingMessage, settings: Settings): Presented {
  const cookies = cookieValues(req.headers.cookie, settings.cookieName);
  const sources = [() => cookies, () => fromHeader(req, settings), () => fromQuery(req, settings)];
  for (const source of sources) {
    const ids = new Set(source().filter((value) => isId(settings.id, value)));
    if (ids.size > 0) return { ids: [...ids].slice(0, mostIds), cookie: cookies.length > 0 };
  }
  return { ids: [], cookie: cookies.length > 0 };
}

function fromHeader(req: IncomingMessage, settings: Settings): string[] {
  const value = settings.sidHeader && req.headers[settings.sidHeader.toLowerCase()];
  return typeof value === "string" ? [value] : [];
}

function fromQuery(req: IncomingMessage, settings: Settings): string[] {
  const start = settings.sidInUrlQuery ? (req.url ?? "").indexOf("?") : -1;
  return start < 0 ? [] : new URLSearchParams((req.url ?? "").slice(start)).getAll(settings.cookieName);
}

/**
 * Whether the client reached us over TLS: directly, or as `X-Forwarded-Proto` says where the peer is a proxy that the
 * application declared. Undeclared, that header is the client's own word and counts for nothing.
 */
export function isSecure(req: IncomingMessage, trustProxy: Settings["trustProxy"]): boolean {
  if ("encrypted" in req.socket && req.socket.encrypted === true) return true;
  if (trustProxy === false || trustProxy === 0) return false;
  if (typeof trustProxy === "function" && !trustProxy(req.socket.remoteAddress ?? "")) return false;
  const forwarded = String(req.headers["x-forwarded-proto"] ?? "").split(",");
  // Each proxy appends; with n trusted ones, the n-th from the right is what the outermost of them saw.
  const hops = typeof trustProxy === "number" ? trustProxy : 1;
  const seen = forwarded[Math.max(0, forwarded.length - hops)];
  return seen?.trim().toLowerCase() === "https";
}
