import { createManager, type Manager, type SessionData, type StoreManager } from "@sess/core";
import { expect, expectTypeOf, test } from "vitest";
import { type CookieConfig, cookie } from "./index.js";

// The lines marked @ts-expect-error are tests too: the type check fails where one of them compiles.

const keys = [crypto.getRandomValues(new Uint8Array(32))];
const texts = keys.map((key) => Buffer.from(key).toString("base64url"));

test("by its name or its connector a Manager over cookies has nothing that looks a session up", async () => {
  const named = await createManager("cookie", { cookieName: "sid", providerConfig: { keys } });
  const connected = await createManager<{ user: string }>(cookie({ keys }));
  expectTypeOf(named).toEqualTypeOf<Manager<SessionData>>();
  expectTypeOf(connected).toEqualTypeOf<Manager<{ user: string }>>();
  const wrong = () => {
    // @ts-expect-error there is no store to load from
    named.load("id");
    // @ts-expect-error nor to look into
    named.exists("id");
    // @ts-expect-error nor to count
    named.count();
    // @ts-expect-error nor to list
    connected.listOwned("ada");
    // @ts-expect-error nor to revoke in
    connected.destroyOwned("ada");
  };
  expectTypeOf(wrong).toBeFunction();
  // Where the kind is not known from the types, it is known when it is called.
  const byText = await createManager("cookie", JSON.stringify({ providerConfig: JSON.stringify({ keys: texts }) }));
  expectTypeOf(byText).toEqualTypeOf<StoreManager<SessionData>>();
  await expect(byText.count()).rejects.toMatchObject({ code: "SESS_UNSUPPORTED" });
});

test("the configuration is typed, by name and for the connector", () => {
  const wrong = () => {
    // @ts-expect-error keys is a list
    cookie({ keys: "key" });
    // @ts-expect-error neither keys nor a passphrase
    cookie({});
    // @ts-expect-error an unknown key
    cookie({ keys, secret: "x" });
    // @ts-expect-error another provider's configuration
    createManager("cookie", { providerConfig: { maxSessions: 1 } });
    // @ts-expect-error a number is no key
    createManager("cookie", { providerConfig: { keys: [7] } });
  };
  expectTypeOf(wrong).toBeFunction();
  expectTypeOf(cookie).parameter(0).toEqualTypeOf<CookieConfig | string | undefined>();
});
