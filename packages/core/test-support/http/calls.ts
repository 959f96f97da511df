import type { ServerResponse } from "node:http";
import type { Random } from "./random.js";

/** One call on a response, and how it is written. */
export interface ResponseCall {
  readonly text: string;
  readonly run: (res: ServerResponse, log: (entry: string) => void) => unknown;
  /** Whether it is a `writeHead` with its headers in a list. */
  readonly list?: boolean;
}

// Spelled in different ways and wrong in some: what Node takes and what it refuses are both to be the same.
const names = ["X-One", "x-one", "X-Two", "Set-Cookie", "Content-Type", "ETag", "bad name", ""] as const;
const values = ["1", "two", 3, ["a", "b"], [], "ä", "bad\nvalue", undefined] as const;
const statuses = [200, 201, 204, 304, 400, 404, "202", 99, 1000, "abc", 200.7] as const;
const messages = ["Fine", "", "bad\nmessage"] as const;
const chunks = ["text", "", "ünï", "x".repeat(3000), Buffer.from("bytes"), new Uint8Array([65, 66])] as const;
const wrongChunks = [null, undefined, 7, {}, true] as const;
// Without "hex", of which Node 20 aborts the process where its length is odd.
const encodings = ["utf8", "latin1", "base64", undefined] as const;

type Maker = (random: Random) => ResponseCall;

const method = (name: string, args: readonly unknown[]): ResponseCall => ({
  text: `res.${name}(${args.map((arg) => (typeof arg === "function" ? "callback" : JSON.stringify(arg))).join(", ")})`,
  run: (res) =>
    Reflect.apply((res as unknown as Record<string, () => unknown>)[name] ?? (() => {}), res, args.map(fresh)),
});

/** Node appends to the very array that it was given: no two runs may share one. */
function fresh(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fresh);
  const plain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return plain ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fresh(each)])) : value;
}

const property = (name: string, value: unknown): ResponseCall => ({
  text: `res.${name} = ${JSON.stringify(value)}`,
  run: (res) => Reflect.set(res, name, value),
});

const question = (text: string, ask: (res: ServerResponse) => unknown): ResponseCall => ({
  text: `log(${text})`,
  run: (res, log) => log(`${text}: ${JSON.stringify(ask(res))}`),
});

const headersOf = (random: Random): unknown => {
  const pairs = Array.from({ length: random.below(4) }, (): [string, unknown] => [random.of(names), random.of(values)]);
  const kind = random.below(8);
  if (kind === 0) return [...pairs.flat(1), "odd"];
  if (kind < 3) return pairs.flat(1);
  return kind === 3 ? pairs : Object.fromEntries(pairs);
};

const writeHead: Maker = (random) => {
  const args: unknown[] = [random.of(statuses)];
  if (random.below(4) === 0) args.push(random.of(messages));
  if (random.below(3) > 0) args.push(headersOf(random));
  return { ...method("writeHead", args), list: Array.isArray(args.at(-1)) };
};

const body = (name: "write" | "end"): Maker => {
  return (random) => {
    const args: unknown[] = [random.below(6) === 0 ? random.of(wrongChunks) : random.of(chunks)];
    if (random.below(3) === 0) args.push(random.of(encodings));
    if (random.below(4) === 0) args.push(() => {});
    return method(name, name === "end" && random.below(3) === 0 ? [] : args);
  };
};

const makers: readonly Maker[] = [
  writeHead,
  writeHead,
  body("write"),
  body("write"),
  body("write"),
  body("end"),
  (random) => method("setHeader", [random.of(names), random.of(values)]),
  (random) => method("setHeader", [random.of(names), random.of(values)]),
  (random) => method("appendHeader", [random.of(names), random.of(["1", "2"])]),
  (random) => method("removeHeader", [random.of(names)]),
  (random) => method("setHeaders", [new Map([[random.of(names), random.of(["1", "2"])]])]),
  (random) => property("statusCode", random.of(statuses)),
  (random) => property("statusMessage", random.of(messages)),
  () => method("flushHeaders", []),
  (random) => method(random.of(["cork", "uncork"]), []),
  () => method("addTrailers", [{ "X-Trailer": "1" }]),
  (random) => property("sendDate", random.below(2) === 0),
  () => question("res.headersSent", (res) => res.headersSent),
  () => question("res.writableEnded", (res) => res.writableEnded),
  (random) => {
    const name = random.of(["X-One", "X-Two", "ETag"]);
    return question(`res.getHeader("${name}")`, (res) => res.getHeader(name));
  },
  () => ({ text: "await tick", run: () => new Promise((resolve) => setImmediate(resolve)) }),
];

/** A random sequence of calls on a response, which ends it at last. */
export function randomCalls(random: Random): ResponseCall[] {
  const calls = Array.from({ length: 1 + random.below(10) }, () => random.of(makers)(random));
  // Whatever was refused until then: this is not.
  const rescue = [property("statusMessage", "Rescued"), property("statusCode", 200), method("end", [])];
  return [...calls, ...rescue];
}
