/**
 * The long form of differential.test.ts: random calls on a response with a session and on a bare one.
 *
 *     node --import tsx --conditions=@sess/source packages/core/torture/differential.ts [count] [first seed]
 */
import { differences } from "../test-support/http/differential.js";

const [count = "20000", first = String(Date.now() % 1e9)] = process.argv.slice(2);
const found = await differences(Number(first), Number(count));
console.log(`${count} sequences from seed ${first}: ${found.length} differences`);
for (const difference of found.slice(0, 5)) console.log(JSON.stringify(difference, null, 2));
if (found.length > 0) process.exitCode = 1;
