import { ask } from "../../packages/core/test-support/test-client.js";

/** A signed-in browser: it counts, and looks at two pages at the same time. */
export class User {
  readonly name: string;
  readonly jar = new Map<string, string>();
  requests = 0;
  /** Answers that said that nobody is signed in. */
  signedOut = 0;
  /** Answers that held somebody else's name, or a count that does not follow from those acknowledged. */
  wrong = 0;
  /** Answers that were neither. */
  failed = 0;
  #count = 0;

  constructor(name: string) {
    this.name = name;
  }

  async signIn(port: number): Promise<void> {
    await this.#ask(port, `/sign-in?user=${this.name}`, "POST");
  }

  /** Three requests with the current cookies, each to its own port. */
  async visit(port: () => number): Promise<void> {
    const before = this.#count;
    const counting = this.#ask(port(), "/count", "POST");
    const looking = [this.#ask(port(), "/me"), this.#ask(port(), "/me")];
    const counted = await counting;
    if (counted !== undefined) {
      this.#count = before + 1;
      this.#judge(counted, [this.#count]);
    }
    for (const seen of await Promise.all(looking)) if (seen !== undefined) this.#judge(seen, [before, before + 1]);
  }

  /** Signs out, and comes back with the old application's cookie; resolves to whether that cookie signs anybody in. */
  async leaveAndReturn(port: number): Promise<boolean> {
    const old = this.jar.get("connect.sid");
    await this.#ask(port, "/sign-out", "POST");
    const answer = await ask(port, "/me", { cookie: `connect.sid=${old}` });
    return answer.status !== 401;
  }

  #judge(seen: { readonly user?: string; readonly count?: number }, counts: readonly number[]): void {
    if (seen.user !== this.name || !counts.includes(seen.count ?? -1)) this.wrong++;
  }

  /** `undefined` when there is no such answer. */
  async #ask(port: number, path: string, method = "GET"): Promise<{ user?: string; count?: number } | undefined> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    this.requests++;
    const answer = await ask(port, path, { method, cookie });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.jar.set(name, value);
    }
    if (answer.status === 200) return JSON.parse(answer.body);
    if (answer.status === 401) this.signedOut++;
    else this.failed++;
    return undefined;
  }
}
