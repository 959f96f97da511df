import type { Site } from "./site.js";

/** Violations that a user has seen. */
export interface Findings {
  requests: number;
  /** Another user's name, or a count that is not what was acknowledged. */
  wrong: string[];
  /** Nobody's session, where this user was signed in. */
  signedOut: string[];
  /** Refused by a status, or by a connection that an ending process did not accept. */
  refused: number;
}

interface Answer {
  readonly status: number;
  readonly user?: string;
  readonly n?: number;
}

/** Somebody who is signed in, and uses the site one request after the other. */
export class User {
  readonly name: string;
  readonly #site: Site;
  readonly #findings: Findings;
  #cookie = "";
  /** Acknowledged increments, and those whose outcome is unknown. */
  #acknowledged = 0;
  #unknown = 0;

  constructor(name: string, site: Site, findings: Findings) {
    this.name = name;
    this.#site = site;
    this.#findings = findings;
  }

  async signIn(): Promise<void> {
    const answer = await this.#ask(`/in?name=${this.name}`);
    if (answer?.status !== 200) throw new Error(`${this.name} could not sign in: ${answer?.status}`);
  }

  /** One request, mostly a change; what it shows must be this user's. */
  async use(): Promise<void> {
    const dice = Math.random();
    const path = dice < 0.6 ? "/count" : dice < 0.65 ? "/renew" : "/";
    const answer = await this.#ask(path);
    if (answer?.status !== 200) {
      this.#findings.refused++;
      if (path === "/count") this.#unknown++;
      return;
    }
    if (path === "/count") this.#acknowledged++;
    this.#judge(path, answer);
  }

  /** Signs out, here or everywhere, and comes back with the cookie of before. */
  async signOut(everywhere: boolean): Promise<void> {
    const cookie = this.#cookie;
    const left = await this.#ask(everywhere ? `/out-everywhere?name=${this.name}` : "/out");
    if (left?.status !== 200) throw new Error(`${this.name} could not sign out: ${left?.status}`);
    this.#cookie = cookie;
    const answer = await this.#ask("/");
    if (answer?.user !== undefined) this.#findings.wrong.push(`${this.name} is signed in after signing out`);
  }

  #judge(path: string, { user, n = 0 }: Answer): void {
    const at = `${this.name} ${path}`;
    if (user === undefined) this.#findings.signedOut.push(at);
    else if (user !== this.name) this.#findings.wrong.push(`${at}: ${user}`);
    else if (n < this.#acknowledged || n > this.#acknowledged + this.#unknown) {
      this.#findings.wrong.push(`${at}: ${n}, acknowledged ${this.#acknowledged}, unknown ${this.#unknown}`);
    }
  }

  /** Undefined if no answer came. Sent again only if no process accepted the request. */
  async #ask(path: string): Promise<Answer | undefined> {
    for (let attempts = 0; attempts < 50; attempts++) {
      try {
        const response = await fetch(this.#site.origin() + path, { headers: { cookie: this.#cookie } });
        this.#findings.requests++;
        const set = response.headers.getSetCookie().find((line) => line.startsWith("sessionid="));
        if (set !== undefined) this.#cookie = set.split(";")[0] ?? "";
        const text = await response.text();
        return { status: response.status, ...(response.ok ? JSON.parse(text) : {}) };
      } catch (error) {
        if (!(error instanceof Error) || Reflect.get(Object(error.cause), "code") !== "ECONNREFUSED") return undefined;
      }
    }
    return undefined;
  }
}
