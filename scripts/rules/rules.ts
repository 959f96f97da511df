/** A rule of core, and the code without it. */
export interface Rule {
  readonly rule: string;
  /** The statement, member or property below `// rule: <marker>` in core's sources. */
  readonly marker: string;
  /** Its replacement. */
  readonly to: string;
  /** The name of the test that must fail, or its beginning. */
  readonly test: string;
}

/** A marker may belong to two rules, if there are two ways to switch it off. */
export const rules: readonly Rule[] = [
  {
    rule: "an entry outlives an operation and what clocks may differ by",
    marker: "an-entry-outlives-skew",
    to: "recentWrites: 60_000",
    test: "nor with clocks a minute apart",
  },
  {
    rule: "an update's function runs where update was called",
    marker: "an-update-runs-where-it-was-asked",
    to: "const value = this.#fn(before); void this.#context;",
    test: "an update's function runs where update was called",
  },
  {
    rule: "timers and queues keep no request's context",
    marker: "queues-keep-no-context",
    to: "void context; this.#begin(next);",
    test: "a queue that is never empty keeps no context of those who are done",
  },
  {
    rule: "whoever waits behind others is told at his own deadline",
    marker: "whoever-waits-is-told",
    to: "this.#alarm = calls.set(deadline.until, () => {});",
    test: "of a batch each is told at his own deadline, and a function that was given up does not run again",
  },
  {
    rule: "what waited too long is not begun",
    marker: "what-is-late-is-not-begun",
    to: "",
    test: "what has waited too long by the Manager's clock is not begun",
  },
  {
    rule: "a call ends with the operation that it is made for, not ten seconds after it was made",
    marker: "a-call-ends-with-its-operation",
    to: "const answer = new Deadline(this.#context).bound(send);",
    test: "destroy that waits for others of its session, each in its own request",
  },
  {
    rule: "an update that was given up is left out when its batch is made anew",
    marker: "who-gave-up-is-left-out",
    to: "void settled;",
    test: "of a batch each is told at his own deadline, and a function that was given up does not run again",
  },
  {
    rule: "a request that always asks for more is not waited for without end",
    marker: "settling-is-bounded",
    to: "return this.#queue.settled(() => this.#state.view.busy);",
    test: "a request that always has more under way does not keep its release, or its response, from ending",
  },
  {
    rule: "destroy pauses between refusals",
    marker: "destroy-pauses",
    to: "await deadline.pause(0);",
    test: "destroy",
  },
  {
    rule: "each step over an index is bounded",
    marker: "each-step-is-bounded",
    to: "const step = await walk.next();",
    test: "listOwned over an index that hangs",
  },
  {
    rule: "there is no delete, and an update never creates",
    marker: "a-refusal-by-nothing-is-final",
    to: "if (base === undefined) return batch.refuse(goneOrRetired(undefined));",
    test: "a save that comes when even the marker has expired creates nothing",
  },
  {
    rule: "a marker refuses, and changes go nowhere else",
    marker: "a-marker-refuses",
    to: "",
    test: "a save that was under way when the session was destroyed is refused",
  },
  {
    rule: "markers live long enough",
    marker: "markers-live-long-enough",
    to: "marker: 20_000",
    test: "a marker outlives every request that could still come with the old id",
  },
  {
    rule: "one batch of a key in flight, others share the next",
    marker: "one-batch-in-flight",
    to: "if (!(job instanceof Exclusive)) return void this.#doTogether(this, [job]); this.#jobs.push(job);",
    test: "a batch whose answer is lost while another waits is applied once",
  },
  {
    rule: "a refusal that lists my batch is an acknowledgement",
    marker: "a-listed-write-was-written",
    to: "const mine = 0 > 1;",
    test: "an update whose answer is lost is not applied again",
  },
  {
    rule: "a record lists the last batch of every Manager, not only of the last",
    marker: "every-manager-is-listed",
    to: "return [[context.managerId, writeId, now]];",
    test: "nor when somebody else has written since",
  },
  {
    rule: "a marker keeps who wrote last",
    marker: "a-marker-keeps-who-wrote-last",
    to: "recentWrites: withWrite(context, undefined, version, now)",
    test: "nor when the session has been destroyed since",
  },
  {
    rule: "a batch is abandoned before its entry is pruned",
    marker: "a-deadline-passes",
    to: "return this.#limit < 0 && this.#context.now() > this.#wall;",
    test: "a batch is abandoned before the entry it would recognise itself by is pruned",
  },
  {
    rule: "nobody passes those that wait (decision 009)",
    marker: "nobody-passes-those-that-wait",
    to: "return this.#isFree(exclusive);",
    test: "anything at all, in any order",
  },
  {
    rule: "a turn that is given is nobody else's (decision 009)",
    marker: "a-turn-is-nobody-elses",
    to: "",
    test: "a set after a reload does not come before what has waited for it",
  },
  {
    rule: "a head is finished when nothing is under way (decision 009)",
    marker: "a-head-waits",
    to: "return undefined;",
    test: "regenerate beside the end of a response",
  },
  {
    rule: "destroy ends what is stored, also after the head (decision 027)",
    marker: "destroy-ends-what-is-stored",
    to: 'if (stored || presented) this.#state.assertHeadersNotSent("the cookie\'s deletion");',
    test: "a destroy ends what is stored, and the event says that the cookie stayed",
  },
  {
    rule: "what is changed after the end is stored by itself (decision 027)",
    marker: "late-changes-are-stored",
    to: "void [this.#isUntaken, this.#store];",
    test: "a field that is set is stored by itself",
  },
  {
    rule: "nor is it lost between the last look and the head (decision 027)",
    marker: "nothing-is-lost-before-the-head",
    to: "",
    test: "a change that comes as the head stops waiting is stored by itself",
  },
  {
    rule: "a head waits for two rounds at most (decision 027)",
    marker: "a-head-waits-for-two-rounds",
    to: "for (let round = 0; !clean && round < 1000; round++) { await this.#operations.release(); clean = this.state.view.clean; }",
    test: "a response leaves though something changes its session all the while; nothing of that is lost",
  },
  {
    rule: "a lifetime counts until the cookie that brings the id has gone (decision 023)",
    marker: "a-lifetime-counts-until-the-cookie-goes",
    to: "return false;",
    test: "takes effect in the response for which the session was created",
  },
  {
    rule: "a lost answer to create is read back",
    marker: "a-lost-create-is-read-back",
    to: "return { written: false, current: undefined };",
    test: "a creation whose answer is lost creates one session",
  },
  {
    rule: "a Manager never uses a write id twice",
    marker: "a-write-id-is-never-used-twice",
    to: "return randomToken(16).slice(0, 0);",
    test: "no write id is used twice, on whatever key",
  },
  {
    rule: "a successor lists no batch",
    marker: "a-successor-lists-no-write",
    to: "const next: StoredSession = sessionAfter(this.#context, base, draft);",
    test: "a successor lists no batch; a marker lists them, keeps the owner, and nothing else",
  },
  {
    rule: "a marker keeps the owner",
    marker: "a-marker-keeps-the-owner",
    to: "owner: undefined",
    test: "a successor lists no batch; a marker lists them, keeps the owner, and nothing else",
  },
  {
    rule: "a key holds one session, ever",
    marker: "a-refusal-by-nothing-is-final",
    to: "if (outcome.current === undefined) return batch.refuse(goneOrRetired(undefined));",
    test: "a key holds one session, ever",
  },
  {
    rule: "regenerate replays on the session that refused it",
    marker: "regenerate-replays",
    to: "",
    test: "refused by a session: the successor is brought up to date",
  },
  {
    rule: "a successor that lost becomes a marker",
    marker: "a-lost-successor-becomes-a-marker",
    to: "const given = [destroyAll, successor];",
    test: "refused by a marker: somebody else won, and our successor becomes a marker",
  },
  {
    rule: "outcome unknown is not refused",
    marker: "unknown-is-not-refused",
    to: 'if (isSessionError(error) && error.code === "SESS_GONE") return { retired: false, failure: error };',
    test: "its outcome unknown, the successor is not given up",
  },
  {
    rule: "a successor revoked meanwhile is not brought back",
    marker: "a-revoked-successor-stays-revoked",
    to: "if (!outcome.written) return successor;",
    test: "the successor revoked before it was brought up to date",
  },
  {
    rule: "regenerating a retired id destroys what succeeded it",
    marker: "a-retired-id-ends-its-successor",
    to: "",
    test: "from a retired id: what succeeded it is destroyed, nothing is taken over",
  },
  {
    rule: "a retired id is regenerated at the version loaded",
    marker: "a-retired-id-at-the-version-loaded",
    to: "const { retired, failure } = await this.#retire((await this.#provider.read(this.#old.key)) ?? marker, successor);",
    test: "from a retired id twice at once: one session lives",
  },
  {
    rule: "regenerate and destroy are barriers",
    marker: "exclusives-are-barriers",
    to: "const work = job instanceof Exclusive ? Promise.resolve(void job.run(this)) : this.#doTogether(this, this.#together(job));",
    test: "is a barrier in its Manager",
  },
  {
    rule: "destroying a retired id destroys the successor",
    marker: "the-successor-goes-first",
    to: "",
    test: "from a retired id goes along the whole chain",
  },
  {
    rule: "the successor is destroyed first",
    marker: "the-successor-goes-first",
    to: "const early = await this.#provider.update(held.key, markerAfter(this.#context, current as StoredSession, ''), current as StoredSession, deadline); if (current?.retired) await this.destroy(current.retired, deadline); if (early.written) return 'destroyed';",
    test: "takes the successor first, so that a failure in between can be made good",
  },
  {
    rule: "refused, destroy starts again from what is there",
    marker: "destroy-starts-again",
    to: 'return "destroyed";',
    test: "refused by another successor, starts again from there",
  },
  {
    rule: "a handle that regenerated destroys both ids",
    marker: "destroy-takes-earlier-ids",
    to: "",
    test: "by a handle that regenerated takes both ids",
  },
  {
    rule: "a handle older than any marker cannot say that it destroyed",
    marker: "a-lost-chain-is-told",
    to: "const chainLost = stored?.retired !== undefined || parts.now() - loadedAt < 0;",
    test: "on a handle older than any marker, of a session that is not there, is SESS_GONE",
  },
  {
    rule: "a listed key that is missing gets a tombstone",
    marker: "a-listed-key-gets-a-tombstone",
    to: "const outcome = current ? await this.#bury(held, current, deadline) : undefined;",
    test: "leaves a tombstone under a key that is listed and missing",
  },
  {
    rule: "a listed marker is followed, and stays (decision 033)",
    marker: "a-listed-marker-is-followed",
    to: "",
    test: "who changed ids often is ended by one write",
  },
  {
    rule: "a handle that is not there does not end all sessions (decision 042)",
    marker: "no-handle-is-not-all",
    to: 'if (typeof options.handle !== "string") return undefined;',
    test: "a handle that is no string is refused",
  },
  {
    rule: "what is spared stays, and the markers that lead there (decision 004)",
    marker: "what-is-spared-stays",
    to: "const tried = new Set<string>();",
    test: "spares the session that asks for it",
  },
  {
    rule: "who was acknowledged by a marker does not go on from it (found by the explorer)",
    marker: "acknowledged-by-a-marker",
    to: "return written(current, current);",
    test: "after a destroy gets no new id: nothing comes back",
  },
  {
    rule: "a marker that has expired under a handle loses the chain (found by the explorer)",
    marker: "a-lost-chain-is-told",
    to: "const chainLost = parts.now() - loadedAt >= limits.marker;",
    test: "from a retired id whose marker expires under it says that it cannot be sure",
  },
  {
    rule: "what is being sent when time runs out is not refused",
    marker: "what-is-under-way-is-unknown",
    to: "",
    test: "what was refused once and is being sent again may be done",
  },
  {
    rule: "use prolongs a session, with or without a response",
    marker: "use-prolongs",
    to: "",
    test: "release() of a session that was loaded once",
  },
  {
    rule: "a cookie that is to last as long as its session outlasts every use",
    marker: "a-cookie-outlasts-every-use",
    to: "return cookieMaxAge;",
    test: "somebody who is there every day is not signed out",
  },
  {
    rule: "signing in ends the sessions that were presented together (decision 025)",
    marker: "signing-in-ends-rivals",
    to: "return stored;",
    test: "signing in helps, by",
  },
  {
    rule: "a session that cannot be ended keeps no other alive",
    marker: "all-others-are-ended",
    to: "throw error;",
    test: "what cannot be ended is said, when all others have been",
  },
  {
    rule: "an old store is waited for as long as ours",
    marker: "the-old-store-is-bounded",
    to: "return await call();",
    test: "get: a 503 within the bound of every store's call",
  },
  {
    rule: "what waits for a store is bounded in number (decision 034)",
    marker: "the-waiting-are-bounded",
    to: "return undefined;",
    test: "ten thousand writes may wait",
  },
  {
    rule: "a damaged header is no session",
    marker: "a-damaged-header-is-no-session",
    to: "const fields = slice(record.data, end + 1, header.f ?? []);",
    test: '{"l":-1,',
  },
];
