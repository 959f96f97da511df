import type { Handle } from "./ledger.js";
import type { End, Surroundings } from "./surroundings.js";

/** No request fails without a reason: an error code states what happened, and must be true. */
export class Reasons {
  readonly #world: Surroundings;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  check(handle: Handle, operation: string, code: string, begun: number): void {
    if (!handle.sender.alive || this.#isTrue(handle, code, this.#world.time.now - begun)) return;
    this.#world.checks.violated("reason", `${handle.name} ${operation}: ${code}, and that is not so`);
  }

  /** A status that the handler did not choose stands for an error of the session. */
  checkResponse(handle: Handle, end: End | undefined, status: number): void {
    if (end !== "ok" || status === 200) return;
    if (status === 409) {
      const so = this.#isTrue(handle, "SESS_GONE", 0) || this.#isTrue(handle, "SESS_RETIRED", 0);
      if (!so) this.#world.checks.violated("reason", `${handle.name}'s response is 409, and nobody ended its session`);
      return;
    }
    if (status !== 503) this.#world.checks.violated("reason", `${handle.name}'s response is ${status}`);
    else if (!this.#storeMayFail() && !this.#world.closing(handle.sender))
      this.#world.checks.violated("reason", `${handle.name}'s response is 503`);
  }

  #isTrue(handle: Handle, code: string, took: number): boolean {
    const { ledger, checks } = this.#world;
    if (code === "SESS_RETIRED") {
      return handle.loaded === "marker" || handle.keys.some((key) => ledger.regeneratedOnPurpose(key));
    }
    if (code === "SESS_GONE") {
      if (handle.destroyed || handle.unknown) return true;
      return handle.keys.some((key) => ledger.endedOnPurpose(key) || (!checks.liveSession(key) && this.#expired(key)));
    }
    if (code === "SESS_CONFLICT") return took >= 9_900;
    if (code === "SESS_UNAVAILABLE") return this.#storeMayFail() || took >= 5_000;
    return code === "SESS_CLOSED" && this.#world.closing(handle.sender);
  }

  #expired(key: string): boolean {
    const record = this.#world.store.records.get(key);
    return record === undefined || record.expiresAt <= this.#world.time.now;
  }

  #storeMayFail(): boolean {
    return this.#world.faults > 0 || this.#world.time.elapsed >= 5_000;
  }
}
