import { kinds } from "./ledger.js";
import { cut, median, type Result } from "./trial.js";

/** The table of a run. */
export function report({ form, rounds, ledger, elections, recoveries, redirections, wait }: Result): string[] {
  const { hangs, wrongUser, doubled, slowest, errors } = ledger;
  const span = (values: readonly number[]) => `median ${ms(median(values))}, max ${ms(Math.max(...values))}`;
  const servers =
    elections.length === 0
      ? []
      : [
          row("replica cut off before", `${(elections.length + 1) >> 1} of them, for ${cut} ms`),
          row("election", span(elections)),
          row("recovery", span(recoveries)),
        ];
  const sent = redirections && [row("redirections", `MOVED ${redirections.moved}, ASK ${redirections.ask}`)];
  return [
    row(form === "reshard" ? "moves and back" : "failovers", `${rounds}, ${form}, wait ${wait ?? "off"}`),
    ...servers,
    ...(sent ?? []),
    row("hangs", hangs),
    row("wrong-user reads", wrongUser),
    row("applied twice", doubled),
    row("slowest operation", ms(slowest)),
    ["", "acknowledged", "looked for", "lost"].map(column).join(""),
    ...kinds.map((kind) => {
      const { acknowledged, checked, lost } = ledger.of[kind];
      return (kind === "read" ? [kind, acknowledged] : [kind, acknowledged, checked, lost]).map(column).join("");
    }),
    ...[...errors].sort().map(([what, count]) => row(what, count)),
  ];
}

function row(name: string, value: string | number): string {
  return `${name.padEnd(30)}${value}`;
}

function column(value: string | number, at: number): string {
  return at === 0 ? String(value).padEnd(16) : String(value).padStart(14);
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
