import type { Fields } from "../fields";

export default defineEventHandler(async (event) => {
  const session = await event.context.session<Fields>();
  if ("visit" in getQuery(event)) session.set("visits", (session.get("visits") ?? 0) + 1);
  return { user: session.get("user"), visits: session.get("visits") ?? 0 };
});
