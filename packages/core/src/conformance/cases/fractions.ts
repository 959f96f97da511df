import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import { KitClock } from "../clock.js";
import type { Kit } from "../kit.js";

/** Parts of a millisecond on both sides of a half; sums with a sixteenth are exact. */
const fractions = [0.1875, 0.6875] as const;
const sixteenth = 0.0625;

/** Clocks that give fractions of milliseconds, as `performance.timeOrigin + performance.now()` does. */
export const fractionCases: readonly Case[] = [
  {
    id: "fractions",
    rule: "G5",
    title: "a clock may give fractions of milliseconds, and takes no part of one from a record",
    guide: "#expiry",
    async run(kit) {
      const whole = Math.floor(kit.clock.now());
      for (const fraction of fractions) await liveByFractions(kit, new KitClock(whole + fraction));
    },
  },
];

async function liveByFractions(kit: Kit, clock: KitClock): Promise<void> {
  const [provider, start] = [await kit.open("home", clock), clock.now()];
  const brief = { expiresAt: start + 600_000 + sixteenth };
  const [created, first, touched, next] = [
    kit.session(brief),
    kit.session(brief),
    kit.session(brief),
    kit.session(brief),
  ];
  const marker = kit.marker("", brief);
  const keys = await kit.fill(provider, [created, first, { ...touched, expiresAt: start + 1000.5 }, marker]);
  kit.written(await provider.update(keys[1] ?? "", next, first.version), "update");
  kit.equal(await provider.touch(keys[2] ?? "", brief.expiresAt, touched.version), true, "touch");
  const records = [created, next, touched, marker];
  clock.advanceTo(brief.expiresAt - sixteenth);
  for (const [at, record] of records.entries()) {
    lives(kit, await provider.read(keys[at] ?? ""), record);
    kit.equal(await provider.create(keys[at] ?? "", kit.session()), false, "create on a key that is taken");
  }
  clock.advanceTo(Math.ceil(brief.expiresAt));
  for (const key of keys) kit.record(await provider.read(key), undefined, "read at the next whole millisecond");
  await collects(kit, provider, clock);
}

function lives(kit: Kit, came: SessionRecord | undefined, record: SessionRecord): void {
  kit.equal(came?.version, record.version, "version read a sixteenth of a millisecond before the expiry");
}

/** The other methods that use the clock: none of them may fail on a fraction. */
async function collects(kit: Kit, provider: Provider, clock: KitClock): Promise<void> {
  clock.advance(90_000 + sixteenth);
  if (!kit.isUncounted) kit.equal(await provider.count(), 0, "count when all have expired");
  const removed = await provider.gc();
  if (kit.collects) kit.equal(removed, 4, "gc of four records");
}
