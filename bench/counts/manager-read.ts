import { createManager } from "@sess/core";
import { Allocations } from "./allocations.mjs";

/** Bytes that one `load(id)` with one `get` allocates, by a Manager over the memory provider, without any HTTP. */
export async function allocatedByLoad(size: number, reads: number): Promise<number> {
  await using sessions = await createManager<{ data: string }>("memory");
  const response = await sessions.handle(new Request("http://localhost/"), (session) => {
    session.set("data", "x".repeat(size));
    return new Response(session.id);
  });
  const id = await response.text();
  const read = async () => {
    for (let n = 0; n < reads; n++) {
      const session = await sessions.load(id);
      if (session?.get("data")?.length !== size) throw new Error("it was not read");
    }
  };
  await read();
  const allocations = new Allocations();
  allocations.begin();
  await read();
  return allocations.end() / reads;
}
