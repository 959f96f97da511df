import type { IncomingMessage } from "node:http";
import type { ErrorResponder } from "../config/options.js";

/** The parts of a request that a session needs, for every kind of server. */
export interface RequestView {
  /** By its name in lower case. Several of one name are joined (RFC 9110, section 5.3). */
  header(name: string): string | undefined;
  readonly url: string;
  /** The server's name and port as the client gave them; "" if it gave none. */
  host(): string;
  /** Whether the request came over TLS to this process. */
  readonly encrypted: boolean;
  /** The peer's address; "" if the connection is closed, `undefined` if it was not passed. */
  readonly peer: string | undefined;
}

/** A request of `node:http`. */
export class NodeRequest implements RequestView {
  readonly #req: IncomingMessage;
  // Read at once: when the response leaves, the connection may be closed, and HTTP/2 then throws.
  readonly encrypted: boolean;
  readonly peer: string | undefined;

  constructor(req: IncomingMessage) {
    this.#req = req;
    // An object that only resembles a request may have no socket.
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
    // HTTP/2 has `:authority` instead of `host` (RFC 9113, section 8.3.1).
    return headers.host ?? String(headers[":authority"] ?? "");
  }
}

/** How a request of the Fetch standard came, and what answers its errors. All optional. */
export interface ExchangeOptions {
  /** The address of the client, or of the proxy next to the server: the argument of a `trustProxy` function. */
  readonly peer?: string | undefined;
  /** Whether the request came over TLS to this process. Default: by the scheme of its URL. */
  readonly secure?: boolean | undefined;
  /** Replaces the Manager's own `onError`. */
  readonly onError?: ErrorResponder | undefined;
}

/** A request of the Fetch standard. Its URL says whether it came over TLS. */
export class FetchRequest implements RequestView {
  readonly #request: Request;
  readonly #secure: boolean | undefined;
  readonly peer: string | undefined;

  constructor(request: Request, { peer, secure }: ExchangeOptions = {}) {
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
