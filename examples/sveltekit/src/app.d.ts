import type { SessionStore } from "@sess/core";

declare global {
  interface Fields {
    user: string;
    visits: number;
    wanted: string;
  }

  namespace App {
    interface Locals {
      session(): Promise<SessionStore<Fields>>;
    }
  }
}
