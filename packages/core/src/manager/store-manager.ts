import type { StoreContext } from "../backend/context.js";
import type { ReliableProvider } from "../backend/reliable-provider.js";
import type { Identity, LoadedSession } from "../backend/session-backend.js";
import { StoreBackend } from "../backend/store-backend.js";
import type { Settings } from "../config/options.js";
import { type PresentedIds, presentedIds } from "../http/credentials.js";
import type { RequestView } from "../http/request-view.js";
import { isId, ownerKey, sessionKeys } from "../ids.js";
import type { Finding } from "../provider.js";
import type { SessionStore } from "../session/session-store.js";
import type { EndOptions, OwnedSession, StoreManager } from "./manager.js";
import { currentKeys, handleIn, keysOf, listOwned } from "./owned-sessions.js";
import { RequestManager } from "./request-manager.js";
import { type Found, type PresentedSession, type Selection, selectSession, whyNone } from "./select-session.js";

/** The Manager over a store. */
export class StoreSessionManager<D extends object> extends RequestManager<D> implements StoreManager<D> {
  readonly #provider: ReliableProvider;
  readonly #context: StoreContext;
  readonly #backend: StoreBackend;
  readonly #keyOf: (id: string) => string;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(settings: Settings, provider: ReliableProvider, context: StoreContext) {
    const backend = new StoreBackend(provider, context);
    super(settings, backend, context.diagnostics);
    this.#provider = provider;
    this.#context = context;
    this.#backend = backend;
    this.#keyOf = sessionKeys(settings.namespace);
  }

  async load(id: string): Promise<SessionStore<D> | undefined> {
    const found = await this.#find(id);
    return found && this.session(found, false);
  }

  async exists(id: string): Promise<boolean> {
    return (await this.#find(id)) !== undefined;
  }

  async count(): Promise<number> {
    this.assertOpen();
    return this.#provider.count();
  }

  async gc(): Promise<number> {
    this.assertOpen();
    return this.#provider.gc();
  }

  async diagnose(options: { readonly peer?: string } = {}): Promise<Finding[]> {
    this.assertOpen();
    const { diagnoseCookie, diagnoseStore } = await import("../diagnosis/diagnose.js");
    return [...(await diagnoseStore(this.#provider, this.#context)), ...diagnoseCookie(this.settings, options.peer)];
  }

  startGC(): () => void {
    this.assertOpen();
    let running = false;
    const timer = setInterval(async () => {
      if (running) return;
      running = true;
      await this.gc().catch(() => {}); // Published by the backend; the next round tries again.
      running = false;
    }, this.settings.gcInterval);
    timer.unref();
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    };
  }

  async listOwned(owner: string, options?: { readonly current?: { readonly id: string } }): Promise<OwnedSession<D>[]> {
    this.assertOpen();
    const mine = await currentKeys(this.#backend, options?.current, this.#keyOf);
    return listOwned<D>(this.#backend, this.#ownerKey(owner), mine);
  }

  async destroyOwned(owner: string, options: EndOptions<D> = {}): Promise<number> {
    this.assertOpen();
    const handle = handleIn(options);
    const spare = await keysOf(this.#backend, options.except);
    if (handle === undefined) return this.#backend.destroyOwned(this.#ownerKey(owner), spare);
    return (await this.#backend.destroyByHandle(this.#ownerKey(owner), handle, spare)) ? 1 : 0;
  }

  protected async finish(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    await this.#backend.close();
    await this.#provider.close();
  }

  async presented(request: RequestView): Promise<PresentedSession> {
    const ids = presentedIds(request, this.settings);
    const { all, cookie, oversized, some } = ids;
    const [only] = all;
    const choice: Selection =
      all.length > 1
        ? await this.#selectSession(ids)
        : { found: only === undefined ? undefined : await this.#lookUp(only), rivals: [] };
    const { found, rivals } = choice;
    return { found, rivals, cookie, reason: whyNone(choice, oversized, some) };
  }

  identify(id: string): Identity {
    return { id, key: this.#keyOf(id) };
  }

  #ownerKey(owner: string): string {
    return ownerKey(this.settings.namespace, owner);
  }

  async #selectSession({ all, places }: PresentedIds): Promise<Selection> {
    const found = await this.#lookUpAll(all);
    return selectSession(places.map((ids) => ids.flatMap((id) => found.get(id) ?? [])));
  }

  /** What an id leads to: a session, or a marker that names a successor. */
  #lookUp(id: string): Promise<LoadedSession | undefined> {
    const identity = this.identify(id);
    return this.#backend
      .load(identity.key)
      .then((stored) => (stored === undefined || stored.retired === "" ? undefined : { identity, stored }));
  }

  async #lookUpAll(ids: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const identities = ids.map((id) => this.identify(id));
    const readings = await this.#backend.loadMany(identities.map(({ key }) => key));
    const found = new Map<string, Found>();
    for (const [index, identity] of identities.entries()) {
      const { stored, failure } = readings[index] ?? {};
      const leadsSomewhere = stored === undefined ? failure !== undefined : stored.retired !== "";
      if (leadsSomewhere) found.set(identity.id, { identity, stored, failure });
    }
    return found;
  }

  async #find(id: string): Promise<LoadedSession | undefined> {
    this.assertOpen();
    if (typeof id !== "string" || !isId(this.settings.id, id)) return undefined;
    const found = await this.#lookUp(id);
    return found?.stored.retired === undefined ? found : undefined;
  }
}
