import { changeSession } from "../../lib/session";

export async function POST() {
  const visits = await changeSession((session) => {
    session.set("visits", (session.get("visits") ?? 0) + 1);
    return session.get("visits");
  });
  return new Response(String(visits));
}
