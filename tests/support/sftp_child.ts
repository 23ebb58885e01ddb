/**
 * The managed SFTP server alone, in a process of its own, to be killed: serves a data directory whose database is there.
 *
 * @module
 */
import { startSftpThread } from "../../server/sftp/thread.ts";

const [home = "", process = ""] = Deno.args;
const write = (message: string, fields?: object) => console.error(`${message} ${JSON.stringify(fields ?? {})}`);
const log = { debug: write, info: write, warn: write, error: write };
const server = await startSftpThread({ home, host: "127.0.0.1", port: 0, process }, log);
console.error(`SFTP on port ${server.address.port}`);
await server.broken;
