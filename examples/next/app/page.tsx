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
      <p>{`hello ${session.get("user") ?? "nobody"}, ${session.get("visits") ?? 0} visits`}</p>
      <form id="in" action={signIn}>
        <input name="user" />
        <button type="submit">sign in</button>
      </form>
      <form id="out" action={signOut}>
        <button type="submit">sign out</button>
      </form>
    </main>
  );
}
