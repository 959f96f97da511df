import { cookieValues } from "./cookies.js";
import type { RequestView } from "./request-view.js";

/** A browser as far as a request identifies it: its address, its User-Agent, and the host of its cookies. */
interface Client {
  /** Values of our cookie that this process gave to it. */
  readonly given: Set<string>;
  /** Other values that it sent after that. */
  readonly strange: Set<string>;
}

/** A single one may be a cookie from before a restart, kept by another profile of the same browser. */
const leastStrange = 2;
/** Limits the number of clients, and of values for each. */
const most = 100;

let told = false;

/**
 * Warns in development, once in a process, if another application on the host sets a cookie of our name. Cookies do not
 * depend on ports (RFC 6265, section 8.5), so each application replaces the other's cookie and signs the other's users
 * out.
 *
 * The sign is a browser that was given a cookie here and twice sends another one that has no session and was never
 * given to it here. Sessions that end by themselves, and cookies from before a restart, do not cause this.
 */
export class SharedNameAdvice {
  readonly #cookieName: string;
  readonly #clients = new Map<string, Client>();

  constructor(cookieName: string) {
    this.#cookieName = cookieName;
  }

  /**
   * A response was sent with `value` in our cookie, or without one. `leadsNowhere`: the request's id has no session.
   */
  heed(request: RequestView, leadsNowhere: boolean, value: string | undefined): void {
    if (told || (!leadsNowhere && value === undefined)) return;
    const agent = request.header("user-agent") ?? "";
    // Scripts send arbitrary cookies; every browser sends this prefix.
    if (!agent.startsWith("Mozilla/")) return;
    const host = request.host().replace(/:\d*$/, "");
    const client = this.#client(`${host} ${request.peer} ${agent}`);
    if (leadsNowhere && client.given.size > 0) {
      for (const each of cookieValues(request.header("cookie"), this.#cookieName)) {
        if (!client.given.has(each)) client.strange.add(each);
      }
    }
    if (client.strange.size >= leastStrange) this.#tell(host);
    if (value !== undefined) client.given.add(value);
    for (const oldest of client.given) if (client.given.size > most) client.given.delete(oldest);
  }

  #client(name: string): Client {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    if (this.#clients.size >= most) this.#clients.clear();
    const client: Client = { given: new Set(), strange: new Set() };
    this.#clients.set(name, client);
    return client;
  }

  #tell(host: string): void {
    told = true;
    this.#clients.clear();
    process.emitWarning(
      `A browser keeps coming back without the cookie "${this.#cookieName}" that it was given, and with another of that ` +
        `name, which leads nowhere: another application on ${host} seems to set it, on another port perhaps, and the two ` +
        "sign each other's users out. Give each its own cookieName.",
      { code: "SESS_COOKIE_NAME_SHARED" },
    );
  }
}
