import type { StoreContext } from "../backend/context.js";
import type { Identity, LoadedSession } from "../backend/session-backend.js";
import { TokenBackend, withoutSuperseded } from "../backend/token-backend.js";
import type { Settings } from "../config/options.js";
import { SessionError } from "../errors.js";
import { cookieValues, isOversized, setCookie } from "../http/cookies.js";
import type { RequestView } from "../http/request-view.js";
import { isId } from "../ids.js";
import { longestLifetime } from "../limits.js";
import type { Finding, TokenProvider } from "../provider.js";
import type { Manager } from "./manager.js";
import { RequestManager } from "./request-manager.js";
import { type PresentedSession, selectSession, whyNone } from "./select-session.js";

/** Maximum bytes of a cookie with name and attributes that browsers keep (RFC 6265, section 6.1). */
const mostBytes = 4096;

/** The Manager over tokens: the client keeps its session itself, sealed, in the cookie. */
export class CookieSessionManager<D extends object> extends RequestManager<D> implements Manager<D> {
  readonly #provider: TokenProvider;
  readonly #backend: TokenBackend;

  constructor(settings: Settings, provider: TokenProvider, context: StoreContext) {
    // The option is for id cookies, and this Manager has none. A token cannot be in a header or a URL.
    const own = { ...settings, enableSetCookie: true, sidHeader: undefined, sidInUrlQuery: false };
    const backend = new TokenBackend(provider, context, roomForToken(own));
    super(own, backend, context.diagnostics);
    this.#provider = provider;
    this.#backend = backend;
  }

  /** Nothing is stored, so there is nothing to collect. */
  async gc(): Promise<number> {
    this.assertOpen();
    return 0;
  }

  startGC(): () => void {
    this.assertOpen();
    return () => {};
  }

  async diagnose(options: { readonly peer?: string } = {}): Promise<Finding[]> {
    this.assertOpen();
    const { diagnoseCookie } = await import("../diagnosis/diagnose.js");
    return diagnoseCookie(this.settings, options.peer);
  }

  load(): Promise<never> {
    return unsupported("load a session");
  }

  exists(): Promise<never> {
    return unsupported("look a session up");
  }

  count(): Promise<never> {
    return unsupported("count sessions");
  }

  listOwned(): Promise<never> {
    return unsupported("list an owner's sessions");
  }

  destroyOwned(): Promise<never> {
    return unsupported("end an owner's sessions");
  }

  protected finish(): Promise<void> {
    return this.#provider.close();
  }

  async presented(request: RequestView): Promise<PresentedSession> {
    const header = request.header("cookie");
    const tokens = cookieValues(header, this.settings.cookieName);
    const sessions = new Map<string, LoadedSession>();
    for (const token of tokens) {
      const opened = this.#backend.open(token);
      if (opened === undefined || !isId(this.settings.id, opened.identity.id)) continue;
      const other = sessions.get(opened.identity.id);
      // Of two tokens of one session, for example of two paths, the one sealed later counts. The expiry does not
      // decide: near the absolute end, both have the same.
      if (other !== undefined && other.stored.saved >= opened.stored.saved) continue;
      sessions.set(opened.identity.id, opened);
    }
    const oversized = isOversized(header);
    const choice = selectSession([withoutSuperseded([...sessions.values()])]);
    const reason = whyNone(
      choice,
      oversized,
      tokens.some((token) => token !== ""),
    );
    return { ...choice, cookie: oversized || tokens.length > 0, reason };
  }

  identify(id: string): Identity {
    return { id, key: "" };
  }
}

/** Computed with the longest Max-Age, since a session may have a lifetime of its own. */
function roomForToken({ cookie, cookieName }: Settings): number {
  return mostBytes - setCookie(cookieName, "", { ...cookie, secure: true, maxAge: longestLifetime }).length;
}

async function unsupported(what: string): Promise<never> {
  throw new SessionError("SESS_UNSUPPORTED", `the client keeps its session itself: nobody else can ${what}`);
}
