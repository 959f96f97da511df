/**
 * Imports the modules that its arguments name, one after the other, and prints how long that took and how much memory
 * it added.
 */
const begun = performance.now();
for (const name of process.argv.slice(2)) await import(name);
const milliseconds = performance.now() - begun;
globalThis.gc();
globalThis.gc();
const { heapUsed, rss } = process.memoryUsage();
console.log(JSON.stringify({ milliseconds, heapUsed, rss }));
process.exit();
