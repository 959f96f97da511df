export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Milliseconds until the head came. */
  readonly took: number;
}

/** A browser as far as it matters: its cookies, and redirects followed with them. */
export class Visitor {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** One request; redirects are not followed. */
  async ask(path: string, options: RequestInit = {}): Promise<Answer> {
    const begin = performance.now();
    const headers = new Headers({ "x-forwarded-proto": "http", ...options.headers });
    if (this.cookie !== "") headers.set("cookie", this.cookie);
    headers.set("origin", this.#url);
    const response = await fetch(new URL(path, this.#url), { ...options, headers, redirect: "manual" });
    const took = performance.now() - begin;
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return { status: response.status, headers: response.headers, body: await response.text(), took };
  }

  post(path: string, options: RequestInit = {}): Promise<Answer> {
    return this.ask(path, { ...options, method: "POST" });
  }

  /** As {@link ask}, and follows the redirect. */
  async follow(answer: Answer): Promise<Answer> {
    const location = answer.headers.get("location");
    if (location === null) throw new Error(`no redirect: ${answer.status} ${answer.body.slice(0, 300)}`);
    return this.ask(location);
  }
}

/** What a page of ours says. React puts comments between texts. */
export function said(body: string): string {
  const text = body.replaceAll(/<!--.*?-->/g, "");
  return /(?:hello|bonjour) [^<]*/.exec(text)?.[0].trim() ?? `nothing of ours: ${text.slice(0, 300)}`;
}
