import type { Settings } from "../config/options.js";
import { claimsTls, isLocal, isSecure, isTrusted } from "./proxy-trust.js";
import type { RequestView } from "./request-view.js";

/**
 * Decides for one Manager whether its cookie is Secure, and warns once, in development, if the cookie will not reach
 * the browser as intended.
 */
export class SecureCookiePolicy {
  readonly #settings: Settings;
  #given = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Whether a cookie set in answer to this request is to be Secure. */
  secureFor(request: RequestView): boolean {
    const { secure } = this.#settings.cookie;
    return secure === "auto" ? isSecure(request, this.#settings.trustProxy) : secure;
  }

  /** To be asked when a cookie is set: whether a browser will drop it, as far as is known here. */
  isDropped(request: RequestView): boolean {
    const { trustProxy } = this.#settings;
    if (isSecure(request, trustProxy)) return false;
    const demanded = this.#settings.cookie.secure === true;
    const claimed = claimsTls(request);
    // Behind a proxy, Host may be the name by which the proxy reaches us. It then says nothing about the browser.
    if (isLocal(request) && !claimed) return false;
    if (demanded !== claimed) this.#warn(demanded ? dropped : unbelieved(trustProxy, request.peer));
    return demanded && !claimed;
  }

  #warn(message: string): void {
    if (this.#given || process.env.NODE_ENV === "production") return;
    this.#given = true;
    process.emitWarning(message, { code: "SESS_COOKIE_NOT_SECURE" });
  }
}

/** Why an `X-Forwarded-Proto` of https was not trusted. */
function unbelieved(trustProxy: Settings["trustProxy"], peer: string | undefined): string {
  const reason = whyUnbelieved(trustProxy, peer);
  return (
    `X-Forwarded-Proto says https, but ${reason}, so the session cookie went out without Secure. ` +
    "If a proxy of yours ends TLS, set trustProxy to the number of proxies between the browser and this process."
  );
}

function whyUnbelieved(trustProxy: Settings["trustProxy"], peer: string | undefined): string {
  if (trustProxy === false || trustProxy === 0) return "nobody was declared to be believed";
  if (typeof trustProxy === "number") {
    return `trustProxy is ${trustProxy}, and the entry that counts then, number ${trustProxy} from the right, does not`;
  }
  return isTrusted(trustProxy, peer)
    ? "its last entry, which counts then, does not"
    : "trustProxy did not accept the peer";
}

const dropped =
  "The session cookie is Secure, and this request came over plain HTTP: browsers will not keep it. " +
  'Serve it over TLS, or leave "secure" at "auto" where there is none. If a proxy of yours ends TLS, have it send ' +
  "X-Forwarded-Proto, and set trustProxy to the number of proxies.";
