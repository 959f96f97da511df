import type { Finding } from "@sess/core";
import type { Commands } from "./commands.js";

/** Clocks may differ by a minute; this is well before that, in milliseconds. */
const noticeable = 5000;

/** How the connection goes to the server. `undefined`: a caller's client, which does not tell. */
export type Way = "TLS" | "socket" | "plain" | undefined;

/**
 * What an operator should know of the server. A part that the server does not reveal is a finding too.
 *
 * `now` is the Manager's clock.
 */
export async function diagnose(commands: Commands, way: Way, now: () => number): Promise<Finding[]> {
  commands.assertOpen();
  const info = async (section: string) => {
    const answer = commands.send((driver) => driver.info(section), commands.deadline());
    return answer.then(String, () => "");
  };
  const memory = await info("memory");
  const before = now();
  const server = await info("server");
  const middle = (before + now()) / 2;
  return [versionOf(server), evictionOf(memory), wayFinding(way), clockOf(server, middle)];
}

function versionOf(info: string): Finding {
  const version = valueIn(info, "(?:valkey|redis)_version");
  const mode = valueIn(info, "(?:server|redis)_mode");
  if (version === undefined) return unknown("server", "it does not tell its version (INFO is not permitted)");
  return { subject: "server", state: "fine", text: `version ${version}, ${mode ?? "standalone"}` };
}

function evictionOf(info: string): Finding {
  const policy = valueIn(info, "maxmemory_policy");
  if (policy === undefined) return unknown("eviction", "the server does not tell its maxmemory-policy");
  const limit = valueIn(info, "maxmemory") === "0" ? "no maxmemory" : "a maxmemory";
  if (policy === "noeviction") return { subject: "eviction", state: "fine", text: `noeviction, with ${limit}` };
  const text = `maxmemory-policy is ${policy}, with ${limit}: sessions are removed when memory runs out; set noeviction`;
  return { subject: "eviction", state: limit === "no maxmemory" ? "warning" : "problem", text };
}

function wayFinding(way: Way): Finding {
  const subject = "TLS";
  if (way === undefined) return unknown(subject, "the application's client decides");
  if (way === "TLS") return { subject, state: "fine", text: "the connection is encrypted" };
  if (way === "socket") return { subject, state: "fine", text: "not needed: the connection does not leave this host" };
  return { subject, state: "warning", text: "the connection to another host is not encrypted: use rediss://" };
}

function clockOf(info: string, now: number): Finding {
  const time = Number(valueIn(info, "server_time_usec")) / 1000;
  if (!(time > 0)) return unknown("clock", "the server does not tell its time");
  const difference = Math.round(now - time);
  const text = `this process is ${Math.abs(difference)} ms ${difference < 0 ? "behind" : "ahead of"} the server`;
  return { subject: "clock", state: Math.abs(difference) < noticeable ? "fine" : "problem", text };
}

function valueIn(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([\\w.-]+)`, "m").exec(info)?.[1];
}

function unknown(subject: string, text: string): Finding {
  return { subject, state: "unknown", text };
}
