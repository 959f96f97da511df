import { KitClock } from "../../clock.js";
import type { TokenCase } from "../case.js";

/** The times in a token: when it expires, and when it was issued. */
export const expiryCases: readonly TokenCase[] = [
  {
    id: "token-expires",
    rule: "G5",
    title: "a token is opened until its expiry, and from that instant on it is not",
    guide: "#tokens",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.record()];
      const token = provider.seal(record);
      kit.clock.advanceTo(record.expiresAt - 1);
      kit.opens(provider, token, record, "open a millisecond before the expiry");
      kit.clock.advance(1);
      kit.refuses(provider, token, "open at the expiry");
      kit.clock.advance(86_400_000);
      kit.refuses(provider, token, "open a day later");
    },
  },
  {
    id: "token-expires-far-away",
    rule: "G5",
    title: "a token counts as long as it should, be it more than a year",
    guide: "#tokens",
    async run(kit) {
      const [provider, day] = [await kit.open(), 86_400_000];
      const record = kit.record({ expiresAt: kit.clock.now() + 400 * day });
      const token = provider.seal(record);
      kit.clock.advance(399 * day);
      kit.opens(provider, token, record, "open after 399 days of 400");
      kit.clock.advance(day);
      kit.refuses(provider, token, "open after 400 days of 400");
    },
  },
  {
    id: "token-replayed",
    rule: "G5",
    title: "a token that was replaced ends at its own expiry, though its session goes on",
    guide: "#tokens",
    async run(kit) {
      const [provider, first] = [await kit.open(), kit.record()];
      const old = provider.seal(first);
      kit.clock.advance(300_000);
      const second = { ...first, expiresAt: kit.clock.now() + 600_000 };
      const renewed = provider.seal(second);
      kit.clock.advanceTo(first.expiresAt);
      kit.opens(provider, renewed, second, "open of the later token");
      kit.refuses(provider, old, "open of the earlier token at its expiry");
    },
  },
  {
    id: "token-from-the-future",
    rule: "G14",
    title: "a token that was issued in the future is none, until its time has come",
    guide: "#tokens",
    async run(kit) {
      const [here, record] = [await kit.open(), kit.record({ expiresAt: kit.clock.now() + 86_400_000 })];
      const ahead = new KitClock(kit.clock.now() + 3_600_000);
      const token = (await kit.open({ now: ahead.now })).seal(record);
      kit.refuses(here, token, "open an hour before the token was issued");
      kit.clock.advance(3_600_000);
      kit.opens(here, token, record, "open when it was issued");
    },
  },
  {
    id: "token-small-skew",
    rule: "G14",
    title: "a token of a server whose clock is two seconds ahead is opened",
    guide: "#tokens",
    async run(kit) {
      const [here, record] = [await kit.open(), kit.record()];
      const ahead = new KitClock(kit.clock.now() + 2_000);
      kit.opens(here, (await kit.open({ now: ahead.now })).seal(record), record, "open two seconds before");
    },
  },
];
