import type { Settings } from "../config/config.js";
import { SessionError } from "../errors.js";
import { cookieValues, setCookie } from "../http/cookies.js";
import type { RequestView } from "../http/request.js";
import { isId } from "../keys.js";
import type { TokenProvider } from "../provider.js";
import type { StoreContext } from "../store/context.js";
import type { Identity } from "../store/keeper.js";
import { TokenKeeper } from "../token/token-keeper.js";
import type { TokenManager } from "./manager.js";
import { choose, type Found, type Presented, RequestManager } from "./request-manager.js";

/** What browsers keep of a cookie with its name and attributes, bytes (RFC 6265, section 6.1). */
const mostBytes = 4096;
/** Tokens of our name that are opened for one request. */
const mostTokens = 3;

/** The Manager over tokens: the client keeps its session itself, sealed, in the cookie. */
export class SealedManager<D extends object> extends RequestManager<D> implements TokenManager<D> {
  readonly #provider: TokenProvider;
  readonly #keeper: TokenKeeper;

  constructor(settings: Settings, provider: TokenProvider, context: StoreContext) {
    // The option is about the id cookie, of which there is none here; and a token has no place in a header or a URL.
    const own = { ...settings, enableSetCookie: true, sidHeader: undefined, sidInUrlQuery: false };
    const keeper = new TokenKeeper(provider, context, roomForToken(own));
    super(own, keeper);
    this.#provider = provider;
    this.#keeper = keeper;
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

  load(): Promise<never> {
    return unsupported("load a session");
  }

  exists(): Promise<never> {
    return unsupported("look a session up");
  }

  count(): Promise<never> {
    return unsupported("count sessions");
  }

  protected finish(): Promise<void> {
    return this.#provider.close();
  }

  protected async presented(request: RequestView): Promise<Presented> {
    const tokens = new Set(cookieValues(request.header("cookie"), this.settings.cookieName));
    const found: Found[] = [];
    for (const token of [...tokens].slice(0, mostTokens)) {
      const opened = this.#keeper.open(token);
      if (opened !== undefined && isId(this.settings.id, opened.identity.id)) found.push(opened);
    }
    return { found: choose(found), cookie: tokens.size > 0 };
  }

  protected identify(id: string): Identity {
    return { id, key: "" };
  }
}

function roomForToken({ cookie, cookieName, cookieMaxAge }: Settings): number {
  const attributes = { ...cookie, secure: true, ...(cookieMaxAge !== undefined && { maxAge: cookieMaxAge }) };
  return mostBytes - setCookie(cookieName, "", attributes).length;
}

async function unsupported(what: string): Promise<never> {
  throw new SessionError("SESS_UNSUPPORTED", `the client keeps its session itself: there is no store to ${what} in`);
}
