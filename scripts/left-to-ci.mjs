// Prints after `npm test` what it does not run, so that nobody thinks it runs everything.
if (!process.env.CI) {
  console.log(`
Left to .ci/run: the trials under load (npm run test:trials: Redis, MariaDB and PostgreSQL failing over, networks that fail, several
processes on one store, the move from express-session), the type and lint checks, rules-off, the packages as published,
their consumers, the guide, Bun and Deno, and the browser.`);
}
