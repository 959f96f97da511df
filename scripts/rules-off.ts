/**
 * Switches each rule of core off, one at a time, and sees the test that stands for it fail: a test that passes without
 * its rule proves nothing. Each rule is one edit of the source, made on a copy.
 *
 *     npm run rules-off
 *     npm run rules-off -- <words>    those whose name, file or test holds the words
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Rule {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The name of the test that must fail, or its beginning. */
  readonly test: string;
}

const rules: readonly Rule[] = [
  {
    rule: "there is no delete, and an update never creates (design 3)",
    file: "backend/commit.ts",
    from: "if (base === undefined || outcome.current === undefined) return batch.refuse",
    to: "if (base === undefined) return batch.refuse",
    test: "a save that comes when even the marker has expired creates nothing",
  },
  {
    rule: "a marker refuses, and changes go nowhere else (4.7, 4.9)",
    file: "backend/commit.ts",
    from: "if (base?.retired !== undefined) return batch.refuse(goneOrRetired(base));",
    to: "",
    test: "a save that was under way when the session was destroyed is refused",
  },
  {
    rule: "markers live long enough (4.7)",
    file: "backend/context.ts",
    from: "marker: 120_000",
    to: "marker: 20_000",
    test: "a marker outlives every request that could still come with the old id",
  },
  {
    rule: "one batch of a key in flight, others share the next (4.2)",
    file: "backend/key-queue.ts",
    from: "      this.#jobs.push(job);\n",
    to: "      if (job instanceof Member) return void this.#owner.write(this, [job]);\n      this.#jobs.push(job);\n",
    test: "a batch whose answer is lost while another waits is applied once",
  },
  {
    rule: "a refusal that lists my batch is an acknowledgement (4.3)",
    file: "backend/reliable-provider.ts",
    from: "const mine =",
    to: "const mine = 0 > 1 &&",
    test: "an update whose answer is lost is not applied again",
  },
  {
    rule: "a record lists the last batch of every Manager, not only of the last (4.3)",
    file: "backend/context.ts",
    from: "return [...others, [context.managerId, writeId, now]];",
    to: "return [[context.managerId, writeId, now]];",
    test: "nor when somebody else has written since",
  },
  {
    rule: "a marker keeps who wrote last (4.3)",
    file: "backend/context.ts",
    from: "recentWrites: withWrite(context, base.recentWrites, version, now),",
    to: "recentWrites: withWrite(context, undefined, version, now),",
    test: "nor when the session has been destroyed since",
  },
  {
    rule: "a batch is abandoned before its entry is pruned (4.3)",
    file: "backend/context.ts",
    from: "return performance.now() >= this.until || this.#context.now() - this.#wall >= this.#limit;",
    to: "return this.#limit < 0 && this.#context.now() > this.#wall;",
    test: "a batch is abandoned before the entry it would recognise itself by is pruned",
  },
  {
    rule: "nobody passes those that wait (decision 009)",
    file: "session/operation-queue.ts",
    from: "return this.#waiting.length === 0 && this.#isFree(exclusive);",
    to: "return this.#isFree(exclusive);",
    test: "anything at all, in any order",
  },
  {
    rule: "a turn that is given is nobody else's (decision 009)",
    file: "session/operation-queue.ts",
    from: "    this.#given = true;\n",
    to: "",
    test: "a set after a reload does not come before what has waited for it",
  },
  {
    rule: "a head is finished when nothing is under way (decision 009)",
    file: "http/response.ts",
    from: "return running === undefined ? then() : running.then(then);",
    to: "return then();",
    test: "regenerate beside the end of a response",
  },
  {
    rule: "destroy ends what is stored, also after the head (decision 027)",
    file: "session/session.ts",
    from: "if (backend.inCookie && (stored || presented)) this.#assertHeadersNotSent",
    to: "if (stored || presented) this.#assertHeadersNotSent",
    test: "a destroy ends what is stored, and the event says that the cookie stayed",
  },
  {
    rule: "a lifetime counts until the cookie that brings the id has gone (decision 023)",
    file: "session/session.ts",
    from: "return this.#stored?.lifetime !== this.#lifetime && ",
    to: "return false && ",
    test: "takes effect in the response for which the session was created",
  },
  {
    rule: "what is changed after the end is stored by itself (decision 027)",
    file: "session/late-store.ts",
    from: "if (this.#isUntaken()) await this.#store();",
    to: "void [this.#isUntaken, this.#store];",
    test: "a field that is set is stored by itself",
  },
  {
    rule: "nor is it lost between the last look and the head (decision 027)",
    file: "session/session.ts",
    from: "if (!clean) this.#storeIfLate();",
    to: "",
    test: "a change that comes as the head stops waiting is stored by itself",
  },
  {
    rule: "a head waits for two rounds at most (decision 027)",
    file: "session/session.ts",
    from: "(round < 2 || this.#needsCookie)",
    to: "round < 1000",
    test: "a response leaves though something changes its session all the while; nothing of that is lost",
  },
  {
    rule: "an entry outlives an operation and what clocks may differ by (decision 028)",
    file: "backend/context.ts",
    from: "applied: 90_000",
    to: "applied: 60_000",
    test: "nor with clocks a minute apart",
  },
  {
    rule: "an update's function runs where update was called (decision 028)",
    file: "session/values.ts",
    from: "this.#context(() => this.#fn(value))",
    to: "(void this.#context, this.#fn(value))",
    test: "an update's function runs where update was called",
  },
  {
    rule: "timers and queues keep no request's context (decision 028)",
    file: "backend/key-queue.ts",
    from: "context(() => this.#begin(next));",
    to: "void context; this.#begin(next);",
    test: "a queue that is never empty keeps no context of those who are done",
  },
  {
    rule: "whoever waits behind others is told at his own deadline (decision 028)",
    file: "backend/key-queue.ts",
    from: "() => this.reject(this.whenLate()));",
    to: "() => {});",
    test: "of a batch each is told at his own deadline, and a function that was given up does not run again",
  },
  {
    rule: "what waited too long is not begun (decision 028)",
    file: "backend/key-queue.ts",
    from: "if (!job.settled && job.deadline.passed) job.reject(job.whenLate());",
    to: "",
    test: "what has waited too long by the Manager's clock is not begun",
  },
  {
    rule: "a call ends with the operation that it is made for, not ten seconds after it was made (decision 028)",
    file: "backend/reliable-provider.ts",
    from: "return deadline.bound(send).catch(",
    to: "return new Deadline(this.#context).bound(send).catch(",
    test: "destroy that waits for others of its session, each in its own request",
  },
  {
    rule: "an update that was given up is left out when its batch is made anew (decision 028)",
    file: "backend/commit.ts",
    from: "if (settled) return false;",
    to: "void settled;",
    test: "of a batch each is told at his own deadline, and a function that was given up does not run again",
  },
  {
    rule: "a request that always asks for more is not waited for without end (decision 028)",
    file: "session/session.ts",
    from: ".bound(() => this.#turns.settled(() => this.#values.busy))",
    to: ".bound(() => 0).then(() => this.#turns.settled(() => this.#values.busy))",
    test: "a request that always has more under way does not keep its release, or its response, from ending",
  },
  {
    rule: "destroy pauses between refusals (decision 028)",
    file: "backend/destroy.ts",
    from: "await deadline.pause(Math.min(round, 20));",
    to: "await deadline.pause(0);",
    test: "destroy",
  },
  {
    rule: "each step over an index is bounded (decision 028)",
    file: "backend/reliable-provider.ts",
    from: 'const step = await this.#call("keysOf", () => walk.next());',
    to: "const step = await walk.next();",
    test: "listOwned over an index that hangs",
  },
  {
    rule: "a lost answer to create is read back (4.4)",
    file: "backend/reliable-provider.ts",
    from: "return this.#refused(next, current);",
    to: "return { written: false, current: undefined };",
    test: "a creation whose answer is lost creates one session",
  },
  {
    rule: "a Manager never uses a write id twice (4.3)",
    file: "backend/context.ts",
    from: "return randomToken(16);",
    to: "return randomToken(16).slice(0, 0);",
    test: "no write id is used twice, on whatever key",
  },
  {
    rule: "a successor lists no batch (4.3)",
    file: "backend/regenerate.ts",
    from: "{ ...sessionAfter(this.#context, base, draft), recentWrites: [] }",
    to: "sessionAfter(this.#context, base, draft)",
    test: "a successor lists no batch; a marker lists them, keeps the owner, and nothing else",
  },
  {
    rule: "a marker keeps the owner (4.3)",
    file: "backend/context.ts",
    from: "    owner: base.owner,\n    retired,",
    to: "    owner: undefined,\n    retired,",
    test: "a successor lists no batch; a marker lists them, keeps the owner, and nothing else",
  },
  {
    rule: "a key holds one session, ever (4.4)",
    file: "backend/commit.ts",
    from: "if (base === undefined || outcome.current === undefined) return batch.refuse",
    to: "if (outcome.current === undefined) return batch.refuse",
    test: "a key holds one session, ever",
  },
  {
    rule: "regenerate replays on the session that refused it (4.5)",
    file: "backend/regenerate.ts",
    from: "      successor = await this.#bringUpToDate(successor, freshDraft(base, changes));\n",
    to: "",
    test: "refused by a session: the successor is brought up to date",
  },
  {
    rule: "a successor that lost becomes a marker (4.5)",
    file: "backend/regenerate.ts",
    from: "const given = destroy(this.#provider, this.#context, this.#fresh, successor, everything(own), destroyKey);",
    to: "const given = [destroy, destroyAll, successor, destroyKey];",
    test: "refused by a marker: somebody else won, and our successor becomes a marker",
  },
  {
    rule: "outcome unknown is not refused (4.5)",
    file: "backend/regenerate.ts",
    from: 'if (isSessionError(error) && error.code === "SESS_UNAVAILABLE") return',
    to: 'if (isSessionError(error) && error.code === "SESS_GONE") return',
    test: "its outcome unknown, the successor is not given up",
  },
  {
    rule: "a successor revoked meanwhile is not brought back (4.5)",
    file: "backend/regenerate.ts",
    from: "next, successor, this.#deadline);\n    if (!outcome.written) throw goneOrRetired(undefined);",
    to: "next, successor, this.#deadline);\n    if (!outcome.written) return successor;",
    test: "the successor revoked before it was brought up to date",
  },
  {
    rule: "regenerating a retired id destroys what succeeded it (4.7)",
    file: "backend/regenerate.ts",
    from: "if (marker.retired) await this.#destroyKey(marker.retired, this.#deadline);",
    to: "",
    test: "from a retired id: what succeeded it is destroyed, nothing is taken over",
  },
  {
    rule: "a retired id is regenerated at the version loaded (4.7)",
    file: "backend/regenerate.ts",
    from: "const { retired, failure } = await this.#retire(marker, successor);",
    to: "const { retired, failure } = await this.#retire((await this.#provider.read(this.#old.key)) ?? marker, successor);",
    test: "from a retired id twice at once: one session lives",
  },
  {
    rule: "regenerate and destroy are barriers (4.5)",
    file: "backend/key-queue.ts",
    from: "const work = job instanceof Exclusive ? job.run(this) :",
    to: "const work = job instanceof Exclusive ? Promise.resolve(void job.run(this)) :",
    test: "is a barrier in its Manager",
  },
  {
    rule: "destroying a retired id destroys the successor (4.6)",
    file: "backend/destroy.ts",
    from: "if (current?.retired) successor = await destroyKey(current.retired);",
    to: "void destroyKey;",
    test: "from a retired id goes along the whole chain",
  },
  {
    rule: "the successor is destroyed first (4.6)",
    file: "backend/destroy.ts",
    from: "    if (current?.retired) successor = await destroyKey(current.retired);\n",
    to: "    const early = await provider.update(queue.key, markerAfter(context, current as StoredSession, ''), current as StoredSession, deadline);\n    if (current?.retired) await destroyKey(current.retired);\n    if (early.written) return 'destroyed';\n",
    test: "takes the successor first, so that a failure in between can be made good",
  },
  {
    rule: "refused, destroy starts again from what is there (4.6)",
    file: "backend/destroy.ts",
    from: "      current = outcome.current;\n      // The marker",
    to: "      return 'destroyed';\n      // The marker",
    test: "refused by another successor, starts again from there",
  },
  {
    rule: "a handle that regenerated destroys both ids (4.6)",
    file: "session/session.ts",
    from: "for (const key of this.#past) await backend.destroy(key, undefined, deadline);",
    to: "",
    test: "by a handle that regenerated takes both ids",
  },
  {
    rule: "a handle older than any marker cannot say that it destroyed (4.6)",
    file: "session/session.ts",
    from: "now() - this.#loadedAt >= limits.marker;",
    to: "now() - this.#loadedAt < 0;",
    test: "on a handle older than any marker, of a session that is not there, is SESS_GONE",
  },
  {
    rule: "a listed key that is missing gets a tombstone (4.6)",
    file: "backend/destroy.ts",
    from: 'if (current === undefined ? owner === undefined : owner !== undefined && current.owner !== owner) return "missing";',
    to: 'if (current === undefined || (owner !== undefined && current.owner !== owner)) return "missing";',
    test: "leaves a tombstone under a key that is listed and missing",
  },
  {
    rule: "a marker that leads to a spared session stays (decision 004)",
    file: "backend/destroy.ts",
    from: 'if (successor === "spared") return "spared";',
    to: "",
    test: "spares the session that asks for it",
  },
  {
    rule: "who was acknowledged by a marker does not go on from it (found by the explorer)",
    file: "backend/reliable-provider.ts",
    from: "return written(current.retired === undefined ? current : next, current);",
    to: "return written(current, current);",
    test: "after a destroy gets no new id: nothing comes back",
  },
  {
    rule: "a marker that has expired under a handle loses the chain (found by the explorer)",
    file: "session/session.ts",
    from: "const chainLost = this.#stored?.retired !== undefined ||",
    to: "const chainLost =",
    test: "from a retired id whose marker expires under it says that it cannot be sure",
  },
];

const root = join(import.meta.dirname, "..");
const work = join(root, ".tmp", "rules-off");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

/** A copy of core's source, with one edit or none. */
function copy(name: string, edit?: Rule): string {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "test-support"]) {
    cpSync(join(root, "packages", "core", part), join(folder, part), { recursive: true });
  }
  writeFileSync(
    join(folder, "vitest.config.mjs"),
    "export default { test: { include: ['src/{backend/rules,backend/owners,store/deadlines,store/async-context,session/order,session/after-the-end}.test.ts'] } };\n",
  );
  if (edit === undefined) return folder;
  const path = join(folder, "src", edit.file);
  const source = readFileSync(path, "utf8");
  const places = source.split(edit.from).length - 1;
  if (places !== 1) throw new Error(`"${edit.rule}": its line stands ${places} times in ${edit.file}`);
  writeFileSync(
    path,
    source.replace(edit.from, () => edit.to),
  );
  return folder;
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** The tests that failed; undefined when the copy did not run at all. */
async function failures(folder: string): Promise<readonly string[] | undefined> {
  const report = join(folder, "report.json");
  const options = ["run", "--root", folder, "--testTimeout", "10000", "--reporter", "json", "--outputFile", report];
  const child = spawn(process.execPath, [vitest, ...options], { stdio: "ignore" });
  await new Promise((resolve) => child.on("close", resolve));
  try {
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
    const tests = testResults.flatMap((file) => file.assertionResults);
    if (tests.length === 0) return undefined;
    return tests.filter((test) => test.status === "failed").map((test) => test.title);
  } catch {
    return undefined;
  }
}

async function check(rule: Rule, index: number): Promise<boolean> {
  const failed = await failures(copy(String(index), rule));
  const caught = failed?.some((title) => title.startsWith(rule.test)) ?? false;
  console.log(`${caught ? "caught" : "MISSED"}  ${rule.rule}\n        by: ${rule.test}`);
  if (failed !== undefined && failed.length > 1) console.log(`        and ${failed.length - 1} more`);
  if (failed === undefined) console.log("        the copy did not run");
  return caught;
}

rmSync(work, { recursive: true, force: true });
const untouched = await failures(copy("none"));
if (untouched === undefined || untouched.length > 0) {
  console.log(`the rules' tests must pass first: ${untouched?.join("; ") ?? "they did not run"}`);
  process.exit(1);
}
const results: boolean[] = [];
const words = process.argv.slice(2).join(" ");
const queue = [...rules.entries()].filter(([, { rule, file, test }]) => `${rule} ${file} ${test}`.includes(words));
const worker = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) results.push(await check(next[1], next[0]));
};
await Promise.all([worker(), worker()]);
rmSync(work, { recursive: true, force: true });
const missed = results.filter((caught) => !caught).length;
console.log(`${results.length - missed} rules switched off were noticed, ${missed} were not`);
process.exit(missed === 0 ? 0 : 1);
