import type { Case } from "../case.js";

/** A session that was destroyed or got a new key leaves a marker, which is kept until it expires. */
export const markerCases: readonly Case[] = [
  {
    id: "marker-is-read",
    rule: "G3",
    title: "a marker is read as it was written, whether it names a successor or none",
    guide: "#markers",
    async run(kit) {
      const provider = await kit.open();
      for (const retired of ["", kit.key()]) {
        const [key, start, marker] = [kit.key(), kit.session(), kit.marker(retired)];
        await provider.create(key, start);
        kit.written(await provider.update(key, marker, start.version), "update by a marker");
        kit.record(await provider.read(key), marker, "read of the marker");
      }
    },
  },
  {
    id: "marker-refuses-late-save",
    rule: "G3",
    title: "a save that began before the logout is refused, and the refusal shows the marker",
    guide: "#markers",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [start, marker] = [kit.session(), kit.marker()];
      await provider.create(key, start);
      await provider.update(key, marker, start.version);
      kit.refused(await provider.update(key, kit.session(), start.version), "the late save", marker);
      kit.record(await provider.read(key), marker, "read after the late save");
    },
  },
  {
    id: "marker-holds-key",
    rule: "G3",
    title: "nothing is created where a marker stands",
    guide: "#create",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [start, marker] = [kit.session(), kit.marker()];
      await provider.create(key, start);
      await provider.update(key, marker, start.version);
      kit.equal(await provider.create(key, kit.session()), false, "create over a marker");
      kit.equal(await provider.create(key, start), false, "the session's own create sent again");
      kit.record(await provider.read(key), marker, "read after both");
    },
  },
  {
    id: "marker-replaced",
    rule: "G3",
    title: "a marker is replaced at its own version and at no other",
    guide: "#markers",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [start, naming, final] = [kit.session(), kit.marker(kit.key()), kit.marker()];
      await provider.create(key, start);
      await provider.update(key, naming, start.version);
      kit.refused(await provider.update(key, final, start.version), "update at the session's version");
      kit.written(await provider.update(key, final, naming.version), "update at the marker's version");
      kit.record(await provider.read(key), final, "read after both");
    },
  },
  {
    id: "marker-created",
    rule: "G3",
    title: "a marker can be created on a free key, and holds it",
    guide: "#create",
    async run(kit) {
      const [provider, key, marker] = [await kit.open(), kit.key(), kit.marker()];
      kit.equal(await provider.create(key, marker), true, "create of a marker on a free key");
      kit.record(await provider.read(key), marker, "read of the marker");
      kit.equal(await provider.create(key, kit.session()), false, "create over the marker");
    },
  },
  {
    id: "touch-leaves-markers",
    rule: "G3",
    title: "a touch at a marker's version is false and gives it no time",
    guide: "#touch",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [start, marker] = [kit.session(), kit.marker()];
      await provider.create(key, start);
      await provider.update(key, marker, start.version);
      const later = marker.expiresAt + 600_000;
      kit.equal(await provider.touch(key, later, marker.version), false, "touch of a marker at its version");
      kit.equal(await provider.touch(key, later, start.version), false, "touch at the session's version");
      kit.record(await provider.read(key), marker, "read after the touches");
    },
  },
  {
    id: "update-creates-nothing",
    rule: "G3",
    title: "an update of what is not there is refused with nothing, and creates nothing",
    guide: "#update",
    async run(kit) {
      const [provider, key, late] = [await kit.open(), kit.key(), kit.session()];
      kit.refused(await provider.update(key, late, kit.version()), "update of a key that never was", undefined);
      kit.refused(await provider.update(key, late, late.version), "update at the version it brings", undefined);
      kit.record(await provider.read(key), undefined, "read after the updates");
    },
  },
  {
    id: "expired-stays-dead",
    rule: "G3",
    title: "an update or touch that comes after the expiry revives nothing",
    guide: "#expiry",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session()];
      await provider.create(key, record);
      kit.clock.advanceTo(record.expiresAt + 30_000);
      const late = kit.session();
      kit.equal(await provider.touch(key, late.expiresAt, record.version), false, "touch of an expired session");
      kit.refused(await provider.update(key, late, record.version), "update of an expired session", undefined);
      kit.record(await provider.read(key), undefined, "read after both");
    },
  },
  {
    id: "touch-creates-nothing",
    rule: "G3",
    title: "a touch of what is not there is false and creates nothing",
    guide: "#touch",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      kit.equal(await provider.touch(key, kit.clock.now() + 600_000, kit.version()), false, "touch of a free key");
      kit.record(await provider.read(key), undefined, "read after the touch");
    },
  },
  {
    id: "logout-seen-everywhere",
    rule: "G3",
    title: "a logout by one handle binds every other, whatever it read before",
    guide: "#markers",
    needs: ["shared"],
    async run(kit) {
      const [one, two, key] = [await kit.open(), await kit.open(), kit.key()];
      const [start, marker] = [kit.session(), kit.marker()];
      await one.create(key, start);
      kit.record(await two.read(key), start, "read by the other handle before the logout");
      kit.written(await one.update(key, marker, start.version), "the logout");
      kit.equal(await two.touch(key, start.expiresAt, start.version), false, "touch by the other handle");
      kit.refused(await two.update(key, kit.session(), start.version), "save by the other handle");
      kit.record(await two.read(key), marker, "read by the other handle");
    },
  },
];
