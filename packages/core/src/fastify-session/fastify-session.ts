import { SessionError } from "../errors.js";
import type { CookieData } from "../session-object/session-cookie.js";
import {
  type Callback,
  callBackOrReturn,
  ObjectShape,
  partsOf,
  SessionObject,
} from "../session-object/session-object.js";

/** The methods of `request.session`, as @fastify/session has them. */
class FastifySession extends SessionObject {
  get sessionId(): string {
    return partsOf(this).properties.id;
  }

  get encryptedSessionId(): string {
    return this.sessionId;
  }

  get(name: string): unknown {
    return Reflect.get(this, name);
  }

  set(name: string, value: unknown): void {
    (this as Record<string, unknown>)[name] = value;
  }

  regenerate(first?: readonly string[] | Callback, second?: Callback): Promise<void> | undefined {
    const [kept, callback] = typeof first === "function" ? [[], first] : [first ?? [], second];
    return callBackOrReturn(partsOf(this).actions.regenerate(kept), callback);
  }

  destroy(callback?: Callback): Promise<void> | undefined {
    return callBackOrReturn(partsOf(this).actions.destroy(), callback);
  }

  reload(callback?: Callback): Promise<void> | undefined {
    return callBackOrReturn(partsOf(this).actions.reload(), callback);
  }

  save(callback?: Callback): Promise<void> | undefined {
    return callBackOrReturn(partsOf(this).actions.save(), callback);
  }

  touch(): void {
    const { actions, cookie } = partsOf(this);
    actions.unheard(actions.touch());
    cookie.reset();
  }

  options(options: Partial<CookieData>): void {
    const { cookie } = partsOf(this);
    const unknown = Object.keys(options).find((name) => !(name in cookie));
    if (unknown !== undefined)
      throw new SessionError("SESS_UNSUPPORTED", "the cookie is the Manager's: it has no such option");
    Object.assign(cookie, options);
  }

  isModified(): boolean {
    return partsOf(this).session.forResponse.state.look() !== "nothing";
  }

  isSaved(): boolean {
    return !partsOf(this).session.isNew && !this.isModified();
  }
}

export const fastifySession = new ObjectShape(FastifySession, true);
