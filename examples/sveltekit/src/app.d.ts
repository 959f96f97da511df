interface Fields {
  user: string;
  visits: number;
  wanted: string;
}

declare namespace App {
  interface Locals {
    session(): Promise<import("@sess/core").SessionStore<Fields>>;
  }
}
