import { expect, test } from "vitest";
import { cookieOf, newKey, put, show, silenceWarnings, site, type Visit } from "./support.js";

test("three keys, one after the other, over two servers that are deployed in turn: nobody is logged out", async () => {
  const [one, two, three] = [newKey(), newKey(), newKey()];
  // Each step of a rotation: first every server opens with the new key, then every server seals with it.
  const steps = [[one], [one, two], [two, one], [two, one, three], [three, two, one], [three, two], [three]];
  const users = new Map<string, string | undefined>();
  let servers: readonly [Visit, Visit] = [await server(steps[0] ?? []), await server(steps[0] ?? [])];
  for (const keys of steps) {
    // Half of the servers are new, half are old.
    servers = [await server(keys), servers[0]];
    await everybodyVisits(servers);
    servers = [servers[0], await server(keys)];
    await everybodyVisits(servers);
  }
  expect(users.size).toBe(2 * steps.length);

  async function server(keys: readonly Uint8Array[]): Promise<Visit> {
    return (await site({}, { keys })).visit;
  }

  async function everybodyVisits([a, b]: readonly [Visit, Visit]): Promise<void> {
    const name = `user ${users.size}`;
    users.set(name, cookieOf(await a(put({ name, visits: 0 }))));
    for (const visit of [b, a]) {
      for (const [user, cookies] of users) {
        const answer = await visit(async (session, _req, res) => {
          await session.update("visits", (n) => Number(n) + 1);
          res.end(String(session.get("name")));
        }, cookies);
        expect(answer.body).toBe(user);
        users.set(user, cookieOf(answer));
      }
    }
  }
});

test("a key that was taken off the list ends the sessions that only it can open", async () => {
  const [leaked, fresh] = [newKey(), newKey()];
  const before = await site({}, { keys: [leaked] });
  const cookies = cookieOf(await before.visit(put({ user: "ada" })));
  const after = await site({}, { keys: [fresh] });
  expect((await after.visit(show("user"), cookies)).body).toBe("undefined");
});

test("from the seed's passphrase to a key without a log-out", { timeout: 60_000 }, async () => {
  silenceWarnings();
  const passphrase = { securityKey: "beegocookiehashkey" };
  const [before, key] = [await site({}, passphrase), newKey()];
  const old = cookieOf(await before.visit(put({ user: "ada" })));
  const during = await site({}, { keys: [key], ...passphrase });
  const moved = cookieOf(await during.visit(put({ n: 1 }), old));
  const after = await site({}, { keys: [key] });
  expect((await after.visit(show("user", "n"), moved)).body).toBe("ada 1");
  expect((await after.visit(show("user"), old)).body).toBe("undefined");
});
