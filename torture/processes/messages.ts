/** Tasks of a process, which it does through its Manager, as requests would. */
export type Task =
  | { readonly do: "create"; readonly count: number }
  | {
      readonly do: "update" | "save";
      readonly ids: readonly string[];
      readonly times: number;
      readonly writers: number;
    }
  | { readonly do: "destroy" | "touch-up" | "alive"; readonly ids: readonly string[] }
  | { readonly do: "regenerate"; readonly ids: readonly string[]; readonly times: number }
  | { readonly do: "read"; readonly ids: readonly string[]; readonly field: string }
  | { readonly do: "fields"; readonly ids: readonly string[]; readonly workers: number; readonly times: number };

export interface Answer {
  readonly accepted: number;
  /** Of what was refused. */
  readonly codes: readonly string[];
  /** Created, regenerated to, or found alive. */
  readonly ids: readonly string[];
  readonly values: readonly unknown[];
}

export interface Setup {
  readonly provider: string;
  /** The providerConfig. */
  readonly config: unknown;
  readonly worker: number;
  /** Instead of `config`, for redis: a client of one of the tested kinds. */
  readonly client?: { readonly kind: string; readonly address: { readonly host: string; readonly port: number } };
}

/** How a process is run, if not like this one. */
export interface Runtime {
  readonly client?: Setup["client"];
  readonly execPath?: string;
  readonly execArgv?: string[];
  readonly serialization?: "json" | "advanced";
}

export type ToWorker =
  | { readonly setup: Setup }
  | { readonly task: Task; readonly number: number }
  | { readonly stop: true };
export type FromWorker =
  | { readonly ready: true }
  | { readonly number: number; readonly answer: Answer }
  /** Another hundred are done. */
  | { readonly number: number; readonly tick: true };
