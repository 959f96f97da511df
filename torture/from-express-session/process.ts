import { newSite, oldSite } from "./sites.js";

// One process of the old application or of the new one. It prints its port; on SIGTERM it answers pending requests and
// ends.
const [kind, url = ""] = process.argv.slice(2);
const site = await (kind === "old" ? oldSite(url) : newSite(url));
process.once("SIGTERM", () => void site.stop());
console.log(site.port);
