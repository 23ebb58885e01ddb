/**
 * How long `/healthz` takes while a million rows come in over SFTP: a server in a process of its own, asked from here.
 *
 * @module
 */
import { startOpenSsh } from "../core/testing/mod.ts";
import { prepareImport, temporaryFolder } from "../tests/support/home.ts";
import { Observer } from "../tests/support/observer.ts";
import { startServer } from "../tests/support/waybill_process.ts";
import { verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { measureResponsiveness } from "./responsiveness.ts";

/** Imports `rows` rows and gives what was measured, as lines of Markdown. */
export async function benchHealthz(rows: number): Promise<string[]> {
  await using folder = await temporaryFolder();
  await using ssh = await startOpenSsh();
  await writeCustomers(`${ssh.folder}/customers.csv`, { rows });
  const run = await prepareImport(folder.path, ssh, {
    stream: "customers",
    file: "customers.csv",
    identify_by: ["customer_id", "email"],
    timestamps: ["updated_at"],
  });
  await using server = startServer(folder.path);
  const url = await server.logged(/listens on (http:\S+),/);
  using observer = new Observer(folder.path, run);
  const began = performance.now();
  const end = observer.until(server, ({ status }) => status === "succeeded");
  const { answers, failures, worst, p99, longestGap } = await measureResponsiveness(`${url}/healthz`, end);
  const seconds = (performance.now() - began) / 1_000;
  server.signal("SIGTERM");
  await server.status;
  return [
    `${answers} answers of \`/healthz\` (${failures} failures) in the ${seconds.toFixed(1)} s that ` +
    `${rows.toLocaleString("en")} rows took: 99 % within ${p99.toFixed(1)} ms, the slowest in ${
      worst.toFixed(1)
    } ms, ` +
    `${verdict(worst, { is: "≤", limit: 50, unit: " ms" })}. ` +
    `Whoever asked was itself kept from running for up to ${longestGap.toFixed(1)} ms.`,
  ];
}
