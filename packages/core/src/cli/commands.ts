import type { Finding } from "../provider.js";
import type { Request } from "./arguments.js";
import type { AnyManager } from "./open.js";

/** What a command has to say: as text, as JSON, and whether it found a problem. */
export interface Outcome {
  readonly text: string;
  readonly json: object;
  readonly isProblem: boolean;
}

/** Carries out a command. Rejects with the Manager's errors. */
export async function carryOut(sessions: AnyManager, request: Request): Promise<Outcome> {
  switch (request.command) {
    case "count":
      return count(sessions);
    case "list":
      return list(sessions, request.owner);
    case "revoke":
      return revoke(sessions, request);
    case "gc":
      return collect(sessions);
    case "doctor":
      return diagnose(sessions, request.peer);
  }
}

async function count(sessions: AnyManager): Promise<Outcome> {
  const number = (await sessions.count?.()) ?? 0;
  return done(counted(number, "session"), { sessions: number });
}

/** The fields are left out: a value may be what nobody should read over an operator's shoulder. */
async function list(sessions: AnyManager, owner: string): Promise<Outcome> {
  const owned = (await sessions.listOwned?.(owner)) ?? [];
  const rows = owned.map(({ handle, created, saved }) => ({ handle, created, saved }));
  const lines = rows.map(
    ({ handle, created, saved }) => `${handle}  since ${created.toISOString()}  stored ${saved.toISOString()}`,
  );
  const last = `${counted(rows.length, "session")} of this owner`;
  return done([...lines, last].join("\n"), { sessions: rows });
}

async function revoke(sessions: AnyManager, { owner, handle }: Request): Promise<Outcome> {
  const ended = (await sessions.destroyOwned?.(owner, handle === undefined ? {} : { handle })) ?? 0;
  return done(`${counted(ended, "session")} ended`, { ended });
}

async function collect(sessions: AnyManager): Promise<Outcome> {
  const removed = await sessions.gc();
  return done(`${counted(removed, "expired record")} removed`, { removed });
}

const marks = { fine: "ok     ", warning: "warning", problem: "PROBLEM", unknown: "unknown" } as const;

async function diagnose(sessions: AnyManager, peer: string | undefined): Promise<Outcome> {
  const findings: readonly Finding[] = await sessions.diagnose(peer === undefined ? {} : { peer });
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const lines = findings.map(({ state, subject, text }) => `${marks[state]}  ${subject.padEnd(width)}  ${text}`);
  const isProblem = findings.some(({ state }) => state === "problem");
  return { text: lines.join("\n"), json: { findings }, isProblem };
}

function done(text: string, json: object): Outcome {
  return { text, json, isProblem: false };
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
