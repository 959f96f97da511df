import type { Fields } from "../fields";

export default defineEventHandler(async (event) => {
  const session = await event.context.session<Fields>();
  const visits = await session.update("visits", (visits) => (visits ?? 0) + 1);
  return String(visits);
});
