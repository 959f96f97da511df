import type { Service } from "./service.js";
import type { Session } from "./surroundings.js";

/** Something a handler does with its session. Rejects as the session does. */
export type Operation = (session: Session, service: Service) => Promise<void>;

const increment = (n: unknown) => (typeof n === "number" ? n : 0) + 1;

/** The name of the list that only requests of this slot append to. */
function listOf(service: Service): string {
  return `list${service.handle.client}${service.handle.slot}`;
}

export const operations = {
  /** A field of its own, which no other request writes. */
  async set(session, service) {
    const fact = service.fact("field", `f${service.serial()}`, service.serial());
    session.set(fact.field, fact.value);
    service.writes(fact);
  },

  /** Changes the list in place, if it exists. */
  async append(session, service) {
    const field = listOf(service);
    const fact = service.fact("item", field, `i${service.serial()}`);
    const list = session.get(field);
    if (Array.isArray(list)) {
      // Objects of a destroyed session can be changed, without effect.
      list.push(fact.value);
      if (service.handle.destroyed) return;
    } else {
      session.set(field, [fact.value]);
    }
    service.writes(fact);
  },

  async update(session, service) {
    const fact = service.fact("increment", "n", Number.NaN);
    await service.commit("update", session, [fact], async () => {
      fact.value = Number(await session.update("n", increment));
    });
  },

  /** The handler does not wait for it: the response must. */
  async updateMeanwhile(session, service) {
    const fact = service.fact("increment", "n", Number.NaN);
    const updating = service.commit("update", session, [fact], async () => {
      fact.value = Number(await session.update("n", increment));
    });
    updating.catch(() => {});
  },

  async flush(session, service) {
    session.flush();
    service.flushed();
  },

  async remove(session, service) {
    const fact = service.removable();
    if (fact === undefined) return;
    session.delete(fact.field);
    fact.voided = true;
  },

  async release(session, service) {
    await service.commit("release", session, [], () => session.release());
  },

  async regenerate(session, service) {
    await service.regenerate(session);
  },

  async destroy(session, service) {
    await service.destroy(session);
  },

  async reload(session, service) {
    await service.call("reload", async () => {
      await session.reload();
    });
  },

  async read(session) {
    session.get("n");
  },
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
