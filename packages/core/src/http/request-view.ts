import type { IncomingMessage } from "node:http";

/** What a session needs to know of a request, whatever kind of server it came to. */
export interface RequestView {
  /** By its name in lower case; several of one name as one, as RFC 9110, section 5.3 joins them. */
  header(name: string): string | undefined;
  readonly url: string;
  /** As the client named the server, with the port where it named one; "" when it did not. */
  host(): string;
  /** Whether it came over TLS to this very process. */
  readonly encrypted: boolean;
  /** The peer's address; "" where it has gone, `undefined` where nobody told it. */
  readonly peer: string | undefined;
}

/** A request of `node:http`. */
export class NodeRequest implements RequestView {
  readonly #req: IncomingMessage;
  // Asked for at once: the connection may be gone by the time the response leaves, and HTTP/2's throws then.
  readonly encrypted: boolean;
  readonly peer: string | undefined;

  constructor(req: IncomingMessage) {
    this.#req = req;
    // What only looks like a request may have no socket.
    const socket: Partial<IncomingMessage["socket"]> | undefined = req.socket;
    this.encrypted = socket !== undefined && "encrypted" in socket && socket.encrypted === true;
    this.peer = socket?.remoteAddress ?? "";
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  get url(): string {
    return this.#req.url ?? "";
  }

  host(): string {
    const { headers } = this.#req;
    // HTTP/2 has the one in place of the other (RFC 9113, section 8.3.1).
    return headers.host ?? String(headers[":authority"] ?? "");
  }
}

/** What a `Request` does not say about its connection. */
export interface ConnectionInfo {
  /** The address of the client, or of the proxy next to the server: what a `trustProxy` function is asked about. */
  readonly peer?: string | undefined;
  /** Whether it came over TLS to this very process. Default: what the scheme of the URL says. */
  readonly secure?: boolean | undefined;
}

/** A request of the Fetch standard. Its URL says whether it came over TLS. */
export class FetchRequest implements RequestView {
  readonly #request: Request;
  readonly #secure: boolean | undefined;
  readonly peer: string | undefined;

  constructor(request: Request, { peer, secure }: ConnectionInfo = {}) {
    this.#request = request;
    this.#secure = secure;
    this.peer = peer;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  get url(): string {
    return this.#request.url;
  }

  host(): string {
    return new URL(this.url).host;
  }

  get encrypted(): boolean {
    return this.#secure ?? this.url.startsWith("https:");
  }
}
