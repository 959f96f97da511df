import type { Settings } from "../config/options.js";
import type { CookieAttributes } from "./cookies.js";
import { isCookieDomain } from "./cookies.js";

/** Maximum number of parent domains of a host that are tried. */
const mostDomains = 3;

/**
 * The attributes of cookies with the same name and path that a browser may have beside ours. If ours is for a domain,
 * this is the host's own cookie. If ours is the host's own, these are cookies for the host as a domain and for its
 * parents. Cookies of other paths cannot be named. `host` is as in the request, with or without a port.
 */
export function twinsOf(host: string, { cookieName, cookie }: Settings, secure: boolean): CookieAttributes[] {
  const { domain, ...rest } = cookie;
  if (domain !== undefined) return [{ ...rest, secure }];
  return /^__host-/i.test(cookieName) ? [] : domainsOf(host).map((each) => ({ ...rest, secure, domain: each }));
}

/** Empty for an address or a name without dots: browsers accept no Domain for them. */
function domainsOf(host: string): string[] {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  if (!isCookieDomain(name) || name.startsWith(".") || /(?:^|\.)\d+$/.test(name)) return [];
  const labels = name.split(".");
  return labels
    .slice(0, -1)
    .map((_, index) => labels.slice(index).join("."))
    .slice(0, mostDomains);
}
