import type { Settings } from "../config/options.js";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import type { RequestView } from "./request-view.js";

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
