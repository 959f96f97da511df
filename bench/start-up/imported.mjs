/** Imports what its arguments name, one after the other, and says how long that took and what it added to the process. */
const begun = performance.now();
for (const name of process.argv.slice(2)) await import(name);
const milliseconds = performance.now() - begun;
globalThis.gc();
globalThis.gc();
const { heapUsed, rss } = process.memoryUsage();
console.log(JSON.stringify({ milliseconds, heapUsed, rss }));
process.exit();
