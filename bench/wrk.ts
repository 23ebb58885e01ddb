/**
 * wrk: how many requests a second a server answers, and how long each takes.
 *
 * @module
 */

/** What one run of wrk saw. */
export interface Load {
  readonly requestsPerSecond: number;
  /** Half of the answers came within this many milliseconds. */
  readonly p50: number;
  /** 99 of 100 did. */
  readonly p99: number;
}

/** What is asked for. */
export interface LoadOptions {
  /** Scheme, host and port. */
  readonly url: string;
  /** Path of one of `count` things, `%d` standing for its number. */
  readonly path: string;
  readonly count: number;
  /** A token, or the whole header where it holds a blank. */
  readonly token: string;
  /** File whose bytes are posted; GET unless told. */
  readonly body?: string;
  /** Requests in flight. */
  readonly connections: number;
  readonly seconds: number;
}

/** In Lua, as wrk runs it: a random thing each request, and figures in the end. An answer other than 2xx is an error. */
const SCRIPT = `
local path, count, token, method, body
function init(args)
  path, count, token, method = args[1], tonumber(args[2]), args[3], "GET"
  math.randomseed(os.time())
  wrk.headers["Authorization"] = token:find(" ") and token or "Bearer " .. token
  if args[4] then
    method, body = "POST", io.open(args[4]):read("*a")
  end
end
function request()
  return wrk.format(method, path:format(math.random(0, count - 1)), nil, body)
end
function done(summary, latency, requests)
  local e = summary.errors
  print(("FIGURES %d %d %d %d %d"):format(summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end
`;

/** Asks for random things as fast as they are answered. Throws where any answer is an error. */
export async function load(options: LoadOptions): Promise<Load> {
  const { url, path, count, token, body, connections, seconds } = options;
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, SCRIPT);
    const args = [
      "-t",
      "1",
      "-c",
      connections,
      "-d",
      `${seconds}s`,
      "--timeout",
      "10s",
      "-s",
      script,
      url,
      "--",
      path,
      count,
      token,
    ];
    if (body !== undefined) args.push(body);
    const { stdout, stderr } = await new Deno.Command("/usr/bin/wrk", { args: args.map(String) }).output();
    const output = new TextDecoder().decode(stdout);
    const figures = /FIGURES (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(output)?.slice(1).map(Number);
    if (figures === undefined) throw new Error(`wrk failed: ${output}${new TextDecoder().decode(stderr)}`);
    const [requests = 0, duration = 0, p50 = 0, p99 = 0, errors = 0] = figures;
    if (errors > 0) throw new Error(`${errors} of ${requests} answers were errors`);
    return { requestsPerSecond: requests / (duration / 1e6), p50: p50 / 1e3, p99: p99 / 1e3 };
  } finally {
    await Deno.remove(script);
  }
}
