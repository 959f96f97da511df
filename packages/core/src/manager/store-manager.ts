import type { Settings } from "../config/config.js";
import { type PresentedIds, presentedIds, type RequestView } from "../http/request.js";
import { isId, ownerKey, sessionKey } from "../keys.js";
import type { SessionStore } from "../session/session-store.js";
import type { Backend } from "../store/backend.js";
import type { StoreContext } from "../store/context.js";
import type { Identity } from "../store/keeper.js";
import { Repository } from "../store/repository.js";
import { type Choice, choose, whyNone } from "./choose.js";
import type { Manager, OwnedSession } from "./manager.js";
import { keysOf, listOwned } from "./owned-sessions.js";
import { type Found, type Presented, RequestManager } from "./request-manager.js";

/** The Manager over a store. */
export class StoreManager<D extends object> extends RequestManager<D> implements Manager<D> {
  readonly #backend: Backend;
  readonly #repository: Repository;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(settings: Settings, backend: Backend, context: StoreContext) {
    const repository = new Repository(backend, context);
    super(settings, repository, context.diagnostics);
    this.#backend = backend;
    this.#repository = repository;
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
    return this.#backend.count();
  }

  async gc(): Promise<number> {
    this.assertOpen();
    return this.#backend.gc();
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

  async listOwned(owner: string, options?: { readonly current?: SessionStore<D> }): Promise<OwnedSession<D>[]> {
    this.assertOpen();
    return listOwned<D>(this.#repository, this.#ownerKey(owner), options?.current);
  }

  async destroyOwned(owner: string, options?: { readonly except?: SessionStore<D> }): Promise<number> {
    this.assertOpen();
    const spare = await keysOf(this.#repository, options?.except);
    return this.#repository.destroyOwned(this.#ownerKey(owner), spare);
  }

  protected async finish(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    await this.#repository.close();
    await this.#backend.close();
  }

  async presented(request: RequestView): Promise<Presented> {
    const ids = presentedIds(request, this.settings);
    const choice = await this.#choose(ids);
    return { ...choice, cookie: ids.cookie, reason: whyNone(choice, ids.oversized, ids.some) };
  }

  identify(id: string): Identity {
    return { id, key: sessionKey(this.settings.namespace, id) };
  }

  #ownerKey(owner: string): string {
    return ownerKey(this.settings.namespace, owner);
  }

  async #choose({ all, places }: PresentedIds): Promise<Choice> {
    const [only] = all;
    if (only === undefined) return choose([]);
    if (all.length === 1) return { found: await this.#lookUp(only), rivals: [] };
    const found = await this.#lookUpAll(all);
    return choose(places.map((ids) => ids.flatMap((id) => found.get(id) ?? [])));
  }

  /** What an id leads to: a session, or a marker that names a successor. */
  async #lookUp(id: string): Promise<Found | undefined> {
    const identity = this.identify(id);
    const known = await this.#repository.load(identity.key);
    return known === undefined || known.retired === "" ? undefined : { identity, known };
  }

  async #lookUpAll(ids: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const identities = ids.map((id) => this.identify(id));
    const records = await this.#repository.loadMany(identities.map(({ key }) => key));
    const found = new Map<string, Found>();
    for (const [index, identity] of identities.entries()) {
      const known = records[index];
      if (known !== undefined && known.retired !== "") found.set(identity.id, { identity, known });
    }
    return found;
  }

  async #find(id: string): Promise<Found | undefined> {
    this.assertOpen();
    if (typeof id !== "string" || !isId(this.settings.id, id)) return undefined;
    const found = await this.#lookUp(id);
    return found?.known.retired === undefined ? found : undefined;
  }
}
