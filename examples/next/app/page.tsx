import { redirect } from "next/navigation";
import { changeSession, getSession } from "../lib/session";

async function signIn(form: FormData) {
  "use server";
  await changeSession(async (session) => {
    session.set("user", String(form.get("user")));
    await session.regenerate();
    redirect("/");
  });
}

async function signOut() {
  "use server";
  await changeSession((session) => session.destroy());
}

export default async function Page() {
  const session = await getSession();
  return (
    <main>
      <h1>{`hello ${session.get("user") ?? "nobody"}, ${session.get("visits") ?? 0} visits`}</h1>
      <form id="in" action={signIn}>
        <label>
          name <input name="user" required />
        </label>
        <button type="submit">sign in</button>
      </form>
      <form id="out" action={signOut}>
        <button type="submit">sign out</button>
      </form>
    </main>
  );
}
