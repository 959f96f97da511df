import type { Settings } from "../config/options.js";
import type { CookieAttributes } from "./cookies.js";
import { isCookieDomain } from "./cookies.js";

/** More parents of a host than this are not tried. */
const mostDomains = 3;

/**
 * The attributes of cookies that a browser may hold beside ours, of the same name and path: the host's own where ours is
 * for a domain, and where ours is the host's own, those for the host as a domain and for its parents. A cookie of another
 * path cannot be named. `host` as in the request, with a port or without.
 */
export function twinsOf(host: string, { cookieName, cookie }: Settings, secure: boolean): CookieAttributes[] {
  const { domain, ...rest } = cookie;
  if (domain !== undefined) return [{ ...rest, secure }];
  return /^__host-/i.test(cookieName) ? [] : domainsOf(host).map((each) => ({ ...rest, secure, domain: each }));
}

/** None of an address, nor of a name without dots, for which browsers accept no Domain. */
function domainsOf(host: string): string[] {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  if (!isCookieDomain(name) || name.startsWith(".") || /(?:^|\.)\d+$/.test(name)) return [];
  const labels = name.split(".");
  return labels
    .slice(0, -1)
    .map((_, index) => labels.slice(index).join("."))
    .slice(0, mostDomains);
}
