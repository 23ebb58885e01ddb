import { exportContract } from "@waybill/waybill/testing";
import type { MailConnection } from "../file_service/mod.ts";
import { emailCsv } from "./mod.ts";

const decoder = new TextDecoder();

exportContract(emailCsv, {
  config: { audience: "people", email: ["ann@example.com", "bo@example.com"], additional_audiences: true },
  members: [{ name: "Ada" }, { name: "Bob, Jr." }, { name: "=Eve" }, { name: "Fay" }, {}],
  destination: async () => {
    const mails: Parameters<MailConnection["sendMail"]>[0][] = [];
    return {
      connect: async () => ({
        sendMail: async (mail) => {
          mails.push(mail);
          return { refused: [] };
        },
      }),
      // A mail that comes again under its Message-ID is the same mail.
      delivered: (kept) => ({
        mails: [...new Set(mails.map(({ id, to }) => `${id} ${to}`))].sort(),
        links: mails.every(({ text, html }) =>
          kept !== undefined && text.includes(kept.url) && html?.includes(kept.url)
        ),
        content: kept && decoder.decode(kept.content),
        lifetime: kept?.lifetime,
      }),
    };
  },
});
