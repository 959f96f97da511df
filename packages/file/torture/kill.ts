/** Writers that are killed: `npm run torture:kill`, or with another number of loops than 200 as its argument. */
import { killLoops } from "./kill-loops.js";

const loops = Number(process.argv[2] ?? 200);
const report = await killLoops(loops, (loop, { torn, lost, stuck, acknowledged }) => {
  if (loop % 10 !== 0) return;
  process.stdout.write(
    `${loop} of ${loops} kills: ${acknowledged} acknowledged, torn ${torn}, lost ${lost}, stuck ${stuck}\n`,
  );
});
process.stdout.write(`${JSON.stringify(report)}\n`);
if (report.torn + report.lost + report.stuck > 0) process.exitCode = 1;
