let passed = 0;
let failed = 0;

/** One line of the report. A failure does not end the test: later checks may say more about it. */
export async function check(what: string, body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
    passed++;
    console.log(`ok      ${what}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${what}\n${String(error instanceof Error ? error.stack : error).replace(/^/gm, "        ")}`);
  }
}

/** Runs all checks and ends the process: "N passed, M failed". */
export async function report(checks: () => Promise<void>): Promise<void> {
  await checks().catch((error: unknown) => {
    failed++;
    console.log(error);
  });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
