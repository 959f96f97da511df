import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { Suspense } from "react";
import { changeSession, getSession, open } from "../../lib/session";

async function signIn(form: FormData) {
  "use server";
  const user = String(form.get("user")); // after the password was checked
  const device = (await headers()).get("user-agent") ?? "unknown";
  await changeSession(async (session) => {
    session.set("user", user);
    session.set("device", device);
    session.owner = user; // by which listOwned and destroyOwned find it
    await session.regenerate();
    redirect("/devices");
  });
}

async function signOutDevice(form: FormData) {
  "use server";
  const sessions = await open();
  await changeSession(async (session) => {
    const user = session.get("user");
    if (user !== undefined) await sessions.destroyOwned(user, { handle: String(form.get("handle")) });
    redirect("/devices");
  });
}

async function signOutElsewhere() {
  "use server";
  const sessions = await open();
  await changeSession(async (session) => {
    const user = session.get("user");
    if (user === undefined) redirect("/");
    const ended = await sessions.destroyOwned(user, { except: session });
    session.set("flash", `${ended} signed out`);
    redirect("/devices");
  });
}

async function signOutEverywhere() {
  "use server";
  const sessions = await open();
  await changeSession(async (session) => {
    const user = session.get("user");
    if (user !== undefined) await sessions.destroyOwned(user, { except: session });
    await session.destroy(); // this one as well, and its cookie
    redirect("/");
  });
}

// Suspense is for Cache Components: what is outside of it is rendered while building.
export default function Page() {
  return (
    <Suspense>
      <Devices />
    </Suspense>
  );
}

async function Devices() {
  const session = await getSession();
  const user = session.get("user");
  if (user === undefined) {
    return (
      <form id="in" action={signIn}>
        <input name="user" />
        <button type="submit">sign in</button>
      </form>
    );
  }
  const sessions = await open();
  const devices = await sessions.listOwned(user, { current: session });
  const flash = decodeURIComponent((await headers()).get("x-flash") ?? ""); // of proxy.ts
  return (
    <main>
      <p role="status">{flash}</p>
      <ul>
        {devices.map(({ handle, get, current }) => (
          <li key={handle}>
            {`${get("device")}${current ? ", this one" : ""}`}
            <form action={signOutDevice}>
              <input type="hidden" name="handle" value={handle} />
              <button type="submit">sign out</button>
            </form>
          </li>
        ))}
      </ul>
      <form id="elsewhere" action={signOutElsewhere}>
        <button type="submit">sign out everywhere else</button>
      </form>
      <form id="everywhere" action={signOutEverywhere}>
        <button type="submit">sign out everywhere</button>
      </form>
    </main>
  );
}
