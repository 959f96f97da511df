import { register } from "@sess/core";
import { type CookieConfig, cookie } from "./provider.js";

export type { CookieConfig, CookieKeys, CookieSecurityKey } from "./provider.js";
export { cookie } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    cookie: CookieConfig;
  }
  interface TokenProviders {
    cookie: true;
  }
}

register<CookieConfig>("cookie", cookie, "@sess/cookie");
