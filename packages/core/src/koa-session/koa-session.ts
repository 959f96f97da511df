import {
  type Callback,
  callBackOrReturn,
  ObjectShape,
  partsOf,
  SessionObject,
} from "../session-object/session-object.js";

/** The members of `ctx.session`, as koa-session has them. */
class KoaSession extends SessionObject {
  get isNew(): boolean {
    return partsOf(this).session.isNew;
  }

  get externalKey(): string {
    return partsOf(this).properties.id;
  }

  get length(): number {
    return Object.keys(this).length;
  }

  get populated(): boolean {
    return this.length > 0;
  }

  get maxAge(): number | "session" {
    return partsOf(this).cookie.originalMaxAge ?? "session";
  }

  set maxAge(maxAge: number | "session") {
    partsOf(this).cookie.maxAge = maxAge === "session" ? null : maxAge;
  }

  save(callback?: Callback): Promise<void> | undefined {
    return callBackOrReturn(partsOf(this).actions.save(), callback);
  }

  regenerate(callback?: Callback): Promise<void> | undefined {
    return callBackOrReturn(partsOf(this).actions.move(), callback);
  }

  manuallyCommit(): Promise<void> {
    return partsOf(this).actions.save();
  }

  toJSON(): object {
    return { ...this };
  }
}

export const koaSession = new ObjectShape(KoaSession, false);
