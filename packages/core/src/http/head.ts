/** A response's headers as its session may still change them. */
export interface Head {
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string): void;
  /** Adds one more of a name, and leaves those that are there as they are. */
  appendHeader(name: string, value: string): void;
}

/** What must happen for one session before a response may leave. Each may answer at once; then nothing is delayed. */
export interface ResponseHook {
  /** Before the first byte. Rejecting replaces the response by an error. */
  store(status: number): void | Promise<void>;
  /** Once every hook of the response has stored, or one has failed. Leaves alone what it has added already. */
  addHeaders(head: Head): void;
  /** Before the end, where that is not also the first byte. Rejecting breaks the connection off. */
  beforeEnd(): void | Promise<void>;
  /** The response fails, by this session or by another: what is not stored is discarded. Never rejects. */
  abandon(): void | Promise<void>;
}
