/**
 * How long `/healthz` takes while a million rows come in over SFTP: a server in a process of its own, asked from here.
 *
 * @module
 */
import { verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { measureResponsiveness } from "./responsiveness.ts";
import { startBenchServer } from "./server.ts";
import { Stage } from "./stage.ts";

/** Imports `rows` rows and gives what was measured, as lines of Markdown. */
export async function benchHealthz(rows: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers.csv"), { rows });
  await using home = await stage.home();
  await using server = await startBenchServer(home.path);
  // The command line leaves its run to the server that is there, and waits for its end.
  const run = home.journey("customers.csv");
  const { answers, failures, worst, p99, longestGap } = await measureResponsiveness(`${server.url}/healthz`, run);
  const { wall } = await run;
  const { cpu, memory } = await server.end();
  return [
    `${answers} answers of \`/healthz\` (${failures} failures) in the ${wall.toFixed(1)} s that ` +
    `${rows.toLocaleString("en")} rows took: 99 % within ${p99.toFixed(1)} ms, the slowest in ${
      worst.toFixed(1)
    } ms, ` +
    `${verdict(worst, { is: "≤", limit: 50, unit: " ms" })}. ` +
    `Whoever asked was itself kept from running for up to ${longestGap.toFixed(1)} ms. ` +
    `The server took ${cpu.toFixed(1)} CPU s and ${memory.toFixed(0)} MiB at its peak.`,
  ];
}
