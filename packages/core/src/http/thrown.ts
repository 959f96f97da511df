/** A value that a framework throws instead of returning. It must be thrown on, and has a status. */
export interface Signal {
  /** The status of the response that it leads to; 500 if it does not say. */
  readonly status: number;
}

/**
 * Distinguishes such a value from an error: Next's `redirect()` and `notFound()` (an Error whose `digest` is in
 * capitals), redirects and errors of SvelteKit (an object with a `status`), `data()` of React Router (an object with an
 * `init`).
 */
export function signalIn(thrown: unknown): Signal | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  try {
    if (thrown instanceof Error) return "digest" in thrown ? signalOfNext(thrown.digest) : undefined;
    const { status, init } = thrown as { status?: unknown; init?: { status?: unknown } | null };
    if (isStatus(status)) return { status };
    if (typeof init !== "object") return undefined;
    return { status: isStatus(init?.status) ? init.status : 200 };
  } catch {
    return undefined; // A getter or a trap that throws: nobody's signal.
  }
}

/** `NEXT_REDIRECT;replace;/path;307;`, `NEXT_HTTP_ERROR_FALLBACK;404`. Digests of other errors are numbers. */
function signalOfNext(digest: unknown): Signal | undefined {
  if (typeof digest !== "string" || !/^[A-Z]/.test(digest)) return undefined;
  const status = Number(/;(\d{3});?$/.exec(digest)?.[1] ?? (digest === "NEXT_NOT_FOUND" ? 404 : 500));
  return { status };
}

function isStatus(value: unknown): value is number {
  return typeof value === "number" && value >= 100 && value <= 599;
}
