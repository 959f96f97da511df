import { section } from "../markdown.js";
import { type Kind, kinds, type Row } from "./look.js";
import type { ProviderCalls } from "./provider-calls.js";

/** Everything that was counted. */
export interface Counts {
  readonly rows: readonly Row[];
  /** Per request, by the provider. */
  readonly providerCalls: Readonly<Record<string, ProviderCalls>>;
  /** Bytes, by the characters of data. */
  readonly allocatedByLoad: Readonly<Record<string, number>>;
}

/** The counts as Markdown. */
export function report({ rows, providerCalls, allocatedByLoad }: Counts): string {
  const looked = rows.flatMap((row) => (row.requests === undefined ? [] : [{ ...row, ...row.requests }]));
  const trips = looked
    .filter((row) => row.trips.read !== undefined)
    .map(({ group, name, role, trips }) => {
      // The floors have no request that does not use the session.
      const count = (kind: Kind) => (role === "floor" && kind === "none" ? "" : figure(trips[kind]?.roundTrips ?? 0));
      const numbers = kinds.map(count);
      return [group, name, ...numbers, list(trips.read?.commands), list(trips.write?.commands)];
    });
  const calls = Object.entries(providerCalls).map(([name, each]) => [name, ...kinds.map((kind) => list(each[kind]))]);
  const sizes = [...new Set(rows.map(({ size }) => size))];
  const libraries = rows.filter(({ size, stored }) => size === sizes[0] && stored !== undefined);
  const bytes = libraries.map(({ group, name }) => {
    const of = (size: number) => rows.find((row) => row.group === group && row.name === name && row.size === size);
    return [group, name, ...sizes.map((size) => storedBytes(of(size)))];
  });
  const allocations = looked.map(({ group, name, allocated }) => [group, name, figure(allocated)]);
  const loads = Object.entries(allocatedByLoad).map(([size, each]) => ["no HTTP", `load(id), ${size} B`, figure(each)]);
  const untouched = looked.flatMap(({ group, untouched = [] }) =>
    untouched.map(({ where, name, count }) => [group, where, `\`${name}\``, figure(count)]),
  );
  return [
    section("Store round trips of a request", ["group", "library", ...kinds, "a read", "a write"], trips, notes.trips),
    section("Calls of the provider by core, of a request", ["provider", ...kinds], calls),
    section("Bytes of a stored session", ["group", "library", ...sizes.map((n) => `${n} B`)], bytes, notes.bytes),
    section("Bytes of V8's heap allocated for a read", ["group", "library", "bytes"], [...allocations, ...loads]),
    section(
      "What of @sess runs for a request of the kind none",
      ["group", "where", "function", "calls"],
      untouched,
      notes.calls,
    ),
  ]
    .filter(Boolean)
    .join("\n");
}

const notes = {
  trips: `Of a directory: system calls. What a script asks for is listed beside its evalsha. The route \`none\` of ours stands
behind the session's middleware, that of the peers before it.`,
  bytes:
    "In brackets what they take: by MEMORY USAGE, or in blocks of files and directories. Of memory: heap and buffers.",
  calls: "V8 counts an async function again when it goes on after an await.",
};

function storedBytes(row: Row | undefined): string {
  if (row?.stored === undefined) return "";
  const { written, taken } = row.stored;
  return taken === undefined || Number.isNaN(taken) ? figure(written) : `${figure(written)} (${figure(taken)})`;
}

function list(counts: Readonly<Record<string, number>> = {}): string {
  return Object.entries(counts)
    .toSorted()
    .map(([name, count]) => `${name} ${figure(count)}`)
    .join(", ");
}

function figure(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });
}
