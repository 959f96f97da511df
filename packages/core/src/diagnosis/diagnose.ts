import type { StoreContext } from "../backend/context.js";
import type { ReliableProvider } from "../backend/reliable-provider.js";
import { lineOf } from "../causes.js";
import type { Settings } from "../config/options.js";
import { isSecure } from "../http/proxy-trust.js";
import type { RequestView } from "../http/request-view.js";
import type { Finding } from "../provider.js";
import { probe } from "./probe.js";

/** What the provider tells, and what can be tried with any provider. A store that is down is a finding too. */
export async function diagnoseStore(provider: ReliableProvider, context: StoreContext): Promise<Finding[]> {
  const told = await provider.diagnose().catch((error: unknown): Finding[] => {
    return [{ subject: "store", state: "problem", text: lineOf(error) }];
  });
  return [...told, ...(await probe(provider, context))];
}

/** What browsers are told: in general, and of Secure behind the declared proxy. */
export function diagnoseCookie(settings: Settings, peer: string | undefined): Finding[] {
  const { cookie, cookieName, absolute, trustProxy } = settings;
  const { httpOnly, sameSite, path, domain, partitioned } = cookie;
  const attributes = [
    `Path=${path}`,
    domain !== undefined && `Domain=${domain}`,
    httpOnly && "HttpOnly",
    `SameSite=${sameSite}`,
    partitioned && "Partitioned",
  ].filter(Boolean);
  const findings: Finding[] = [{ subject: "cookie", state: "fine", text: `${cookieName}; ${attributes.join("; ")}` }];
  if (!httpOnly) findings.push(warning("cookie", "a script in a page can read it: httpOnly is false"));
  findings.push(secureOf(cookie.secure, trustProxy, peer));
  if (absolute === Number.POSITIVE_INFINITY) {
    findings.push(warning("lifetime", "a stolen cookie is valid as long as somebody uses it: set absoluteLifetime"));
  }
  return findings;
}

function secureOf(secure: boolean | "auto", trustProxy: Settings["trustProxy"], peer: string | undefined): Finding {
  const subject = "secure";
  if (secure === false) return warning(subject, "never Secure: browsers send it over plain HTTP too");
  if (secure === true) return { subject, state: "fine", text: "always Secure: browsers drop it on plain HTTP" };
  if (trustProxy === false || trustProxy === 0) {
    const text = "Secure if TLS ends in this process; if a proxy ends it, the cookie is not Secure: set trustProxy";
    return { subject, state: "unknown", text };
  }
  if (typeof trustProxy === "function" && peer === undefined) {
    return { subject, state: "unknown", text: "trustProxy is a function: name the proxy's address (--peer)" };
  }
  const hops = typeof trustProxy === "number" ? trustProxy : 1;
  const many = hops === 1 ? "a proxy that says" : `${hops} proxies that say`;
  const behind = typeof trustProxy === "number" ? many : `the proxy ${peer} that says`;
  if (isSecure(forwardedBy(hops, peer), trustProxy)) {
    return { subject, state: "fine", text: `Secure behind ${behind} X-Forwarded-Proto: https` };
  }
  return { subject, state: "problem", text: `not Secure behind ${behind} X-Forwarded-Proto: https` };
}

/** A request as the innermost of the proxies passes it on. */
function forwardedBy(hops: number, peer: string | undefined): RequestView {
  const forwarded = Array.from({ length: hops }, () => "https").join(", ");
  const header = (name: string) => (name === "x-forwarded-proto" ? forwarded : undefined);
  return { header, url: "/", host: () => "", encrypted: false, peer };
}

function warning(subject: string, text: string): Finding {
  return { subject, state: "warning", text };
}
