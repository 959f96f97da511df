import type { Settings } from "../config/options.js";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import type { RequestView } from "./request-view.js";

/**
 * Whether the client reached us over TLS: directly, or by `X-Forwarded-Proto` if the peer is a declared proxy. Without
 * a declared proxy, the header is the client's own claim and is ignored.
 */
export function isSecure(request: RequestView, trustProxy: Settings["trustProxy"]): boolean {
  if (request.encrypted) return true;
  if (trustProxy === false || trustProxy === 0) return false;
  if (typeof trustProxy === "function" && !isTrusted(trustProxy, request.peer)) return false;
  const forwarded = forwardedProtocols(request);
  // Each proxy appends an entry. With n trusted proxies, the n-th entry from the right was written by the outermost of
  // them.
  const hops = typeof trustProxy === "number" ? trustProxy : 1;
  const seen = forwarded[Math.max(0, forwarded.length - hops)];
  return seen === "https";
}

const reported = new WeakSet<object>();

/**
 * A closed connection has no address any more. If the function throws or does not return true, the peer is not trusted.
 */
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

/** Throws `SESS_CONFIG` if the answer depends on the peer's address and that was not passed. */
export function assertPeerKnown(request: RequestView, { trustProxy, cookie }: Settings): void {
  if (typeof trustProxy !== "function" || request.peer !== undefined) return;
  if (request.encrypted || cookie.secure !== "auto") return;
  const told = "pass { peer } to begin or handle, or set it to the number of proxies";
  throw new SessionError(
    "SESS_CONFIG",
    `option "trustProxy" is a function, and nobody told the peer's address: ${told}`,
  );
}

/** Whether a proxy or the client claims that TLS ends before us. The claim is not trustworthy. */
export function claimsTls(request: RequestView): boolean {
  return forwardedProtocols(request).includes("https");
}

/** The entries of `X-Forwarded-Proto`; the last one is of the proxy next to us. */
function forwardedProtocols(request: RequestView): string[] {
  const header = request.header("x-forwarded-proto") ?? "";
  return header.split(",").map((protocol) => protocol.trim().toLowerCase());
}

/** Whether browsers treat the host as safe without TLS (W3C Secure Contexts, section 3.1). */
export function isLocal(request: RequestView): boolean {
  return /^(?:(?:[^:]+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d*)?$/i.test(request.host());
}
