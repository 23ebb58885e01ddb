/**
 * The Worker that counts audiences, with a database connection of its own: the thread that serves HTTP is never kept
 * waiting by it.
 *
 * @module
 */
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import type { CountAnswers, FromCount, ToCount, ToCountThread } from "./count_protocol.ts";
import { CountSession } from "./count_session.ts";
import { describeError } from "./describe_error.ts";

let opened: Promise<Database> | undefined;

const scope = self as unknown as {
  addEventListener(type: "message", listener: (event: MessageEvent<ToCountThread>) => void): void;
};

scope.addEventListener("message", ({ data: { database, port } }) => {
  opened ??= openDatabase(database);
  // Told with each answer; unhandled until then, it would end the thread without one.
  opened.catch(() => {});
  if (port !== undefined) serve(opened, port);
});

function serve(opened: Promise<Database>, port: MessagePort): void {
  let session: Promise<CountSession> | undefined;
  const begun = () => session ??= opened.then((database) => new CountSession(database));
  port.addEventListener("message", ({ data }: MessageEvent<ToCount>) => {
    answer(begun, data).then(
      (answer): FromCount => ({ id: data.id, answer }),
      (error): FromCount => ({
        id: data.id,
        failure: describeError(error),
        stack: error instanceof Error ? error.stack : undefined,
      }),
    ).then((told) => {
      port.postMessage(told);
      if (data.type === "close") port.close();
    });
  });
  port.start();
}

async function answer(begun: () => Promise<CountSession>, asked: ToCount): Promise<CountAnswers[keyof CountAnswers]> {
  const session = await begun();
  switch (asked.type) {
    case "open":
      return await session.open(asked.question, asked.now);
    case "count":
      return await session.count(asked.spans);
    case "stamp":
      return await session.stamp();
    case "close":
      await session[Symbol.asyncDispose]();
      return undefined;
  }
}
