import { trial, type Way, ways } from "./trial.js";

const [users = "200", ms = "3000", only] = process.argv.slice(2);
const unsupported: Way = "side by side, anywhere";

for (const way of ways.filter((each) => only === undefined || each === only)) {
  console.log(`\n${way}${way === unsupported ? " (not supported: shown for what it does)" : ""}`);
  const begun = performance.now();
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1).padStart(5);
  const outcome = await trial(way, Number(users), Number(ms), (text) => console.log(`  ${seconds()} s  ${text}`));
  const { signedOut, wrong, failed, requests, sessions, moved, returned, left } = outcome;
  console.log(`  ${requests} requests; ${moved} users have the new cookie, ${sessions} sessions in the new store`);
  console.log(`  then all sign out and come with the old cookie: ${returned} known; ${left} sessions in the old store`);
  console.log(`  USERS SIGNED OUT: ${signedOut}; answers with wrong data: ${wrong}; other failures: ${failed}`);
  const bad = [signedOut, wrong, failed, returned, left].some((count) => count > 0);
  if (way !== unsupported && (bad || moved !== outcome.users || sessions !== outcome.users)) process.exitCode = 1;
}
