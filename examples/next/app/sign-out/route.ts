import { changeSession } from "../../lib/session";

export async function POST() {
  await changeSession((session) => session.destroy());
  return new Response(null, { status: 204 });
}
