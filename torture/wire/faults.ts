import { Cut, type Ending, Held, Late, nothing } from "./handlers.js";
import type { Fault, Side } from "./proxy.js";

/** How many bytes an operation takes on the way there and on the way back. */
export type Lengths = Readonly<Record<Side, number>>;

/** A fault as the matrix applies it. */
export interface FaultKind {
  readonly name: string;
  /** `opening` says that the operation opens its connection, which the fault must hit. */
  make(lengths: Lengths, opening: boolean): Fault;
  /** The least duration in milliseconds; without it, the fault ends when all calls have settled. */
  readonly lasts?: number;
}

/** Milliseconds between two bytes of a drip. */
const dripPause = 3;

/** As when a cable is pulled or a machine loses power: these connections never recover. */
export const cableOut: Fault = { strike: () => nothing };

/** A firewall that forgets its state: existing connections are dead, new ones work. */
export const forgotten: Fault = { strike: (_wire, isNew) => (isNew ? undefined : nothing) };

/** Existing connections are reset when anything is sent on them; new ones work. */
export const resetWhenUsed: Fault = {
  strike: (wire, isNew) => (isNew ? undefined : { take: () => wire.reset() }),
};

/** A slow network: data from the server takes some milliseconds. */
export function far(ms: number): Fault {
  return { strike: (wire) => new Late(wire, ms) };
}

const refused: FaultKind = { name: "refused", lasts: 1000, make: () => ({ refuses: true }) };

const holes: readonly FaultKind[] = [
  {
    name: "hole: open",
    make: (_, opening) => ({ strike: (_wire, isNew) => (isNew === opening ? nothing : undefined) }),
  },
  {
    name: "hole: new",
    lasts: 1000,
    make: () => ({
      strike(wire, isNew) {
        if (isNew) return nothing;
        wire.reset();
        return undefined;
      },
    }),
  },
  { name: "hole: all", lasts: 1000, make: () => cableOut },
];

function cut(side: Side, where: (length: number) => number, ending: Ending): FaultKind["make"] {
  return (lengths, opening) => ({
    strike: (wire, isNew) => (isNew === opening ? new Cut(wire, side, where(lengths[side]), ending) : undefined),
  });
}

const places: readonly [name: string, where: (length: number) => number][] = [
  ["0", () => 0],
  ["1", () => 1],
  ["1/4", (length) => Math.floor(length / 4)],
  ["1/2", (length) => Math.floor(length / 2)],
  ["last-1", (length) => Math.max(length - 1, 0)],
  ["last", (length) => length],
  // In the middle of the data that was sent right after it.
  ["beyond", (length) => length + Math.ceil(length / 2)],
];

const resets: readonly FaultKind[] = (["client", "server"] as const).flatMap((side) =>
  places.map(([name, where]) => ({
    name: `reset: ${side === "client" ? "request" : "reply"} ${name}`,
    make: cut(side, where, (wire) => wire.reset()),
  })),
);

const half = (length: number) => Math.floor(length / 2);
const halves: readonly FaultKind[] = [
  { name: "half a reply, silence", make: cut("server", half, () => {}) },
  { name: "half a reply, FIN", make: cut("server", half, (wire) => wire.finish()) },
];

const slow: readonly FaultKind[] = [
  { name: "drip", make: () => ({ strike: (wire) => new Held(wire, 1, dripPause) }) },
  { name: "drip, quicker", make: () => ({ strike: (wire) => new Held(wire, 16, dripPause) }) },
  // Two answers one after the other take longer than a deadline of 400 ms.
  { name: "answers 300 ms late", make: () => far(300) },
  { name: "frozen for a second", lasts: 1000, make: () => ({ strike: (wire) => new Held(wire, 0, 0) }) },
];

/** All of them. */
export const faults: readonly FaultKind[] = [refused, ...holes, ...resets, ...halves, ...slow];

/** One of each kind, for the tests. */
export const fewFaults: readonly FaultKind[] = faults.filter(({ name }) =>
  [
    ...["refused", "hole: open", "hole: all", "reset: request 1/2", "reset: reply 0", "reset: reply 1/2"],
    ...["half a reply, silence", "half a reply, FIN", "drip", "frozen for a second"],
  ].includes(name),
);
