/** The sender of a message, as the network sees it. */
export interface Sender {
  readonly name: string;
  alive: boolean;
  /** Disconnected: every call that it sends fails at once. */
  cutOff: boolean;
}

/** One call to the store on its way there or back. */
export class Message {
  readonly serial: number;
  readonly sender: Sender;
  readonly text: string;
  readonly sentAt: number;
  readonly #execute: () => unknown;
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: Error) => void;
  #answer: { readonly value: unknown } | undefined;
  #settled = false;
  /** Remaining executions: one; two if a client library sent it twice; none once it was lost. */
  left = 1;

  constructor(parts: {
    readonly serial: number;
    readonly sender: Sender;
    readonly text: string;
    readonly sentAt: number;
    readonly execute: () => unknown;
    readonly resolve: (answer: unknown) => void;
    readonly reject: (error: Error) => void;
  }) {
    this.serial = parts.serial;
    this.sender = parts.sender;
    this.text = parts.text;
    this.sentAt = parts.sentAt;
    this.#execute = parts.execute;
    this.#resolve = parts.resolve;
    this.#reject = parts.reject;
  }

  get answered(): boolean {
    return this.#answer !== undefined;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** The first answer is kept unless `replace`. */
  execute(replace: boolean): unknown {
    this.left--;
    const value = this.#execute();
    if (this.#answer === undefined || replace) this.#answer = { value };
    return value;
  }

  deliver(): void {
    this.#settled = true;
    if (this.sender.alive) this.#resolve(this.#answer?.value);
  }

  fail(): void {
    this.#settled = true;
    if (this.sender.alive) this.#reject(new Error("the network failed"));
  }
}

/** After this time nothing is executed: calls that were sent again have been given up by then. */
const latest = 20_000;

/** Every call that may still be executed, or whose answer is still on its way. */
export class Network {
  readonly #now: () => number;
  #messages: Message[] = [];
  #serial = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** Sends a call. A call of a dead process is not executed and fails, so that its code ends. */
  send<T>(sender: Sender, text: string, execute: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!sender.alive || sender.cutOff) {
        reject(new Error("the network is down"));
        return;
      }
      const message = new Message({
        serial: ++this.#serial,
        sender,
        text,
        sentAt: this.#now(),
        execute,
        resolve: resolve as (answer: unknown) => void,
        reject,
      });
      this.#messages.push(message);
    });
  }

  /** Removes calls that are done or too old to be executed. */
  sweep(): void {
    for (const message of this.#messages) {
      if (this.#now() - message.sentAt >= latest) message.left = 0;
      if (!message.sender.alive && !message.settled) message.fail();
    }
    this.#messages = this.#messages.filter((message) => message.left > 0 || (message.answered && !message.settled));
  }
}
