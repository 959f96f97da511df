interface Fields {
  user: string;
  visits: number;
}

declare namespace App {
  interface Locals {
    session: import("@sess/core").SessionStore<Fields>;
  }
}
