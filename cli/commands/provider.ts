/**
 * `provider list|show`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const list: Command = {
  summary: "Lists the providers that the plugins bring",
  run: async (app) => {
    const registry = await app.registry();
    const { providers } = registry;
    if (app.out.json) {
      const { summarizeProvider } = await import("../../core/engine/declarations.ts");
      return app.out.value(providers.map((provider) => summarizeProvider(provider, registry)));
    }
    app.out.table(
      ["provider", "title", "auth methods"],
      providers.map((provider) => [
        provider.id,
        provider.title,
        provider.auths.map(({ id }) => id),
      ]),
    );
    const [first] = providers;
    if (first !== undefined) app.out.next([app.command("provider", "show", first.id)]);
  },
};

const show: Command = {
  summary: "Shows a provider's auth methods and job types",
  args: [{ name: "PROVIDER" }],
  subjects: async (app) => (await app.registry()).providers.map(({ id, summary }) => [id, summary]),
  run: async (app, { words: [id = ""] }) => {
    const registry = await app.registry();
    const provider = registry.provider(id);
    const jobs = registry.jobs.filter((job) => job.provider.id === provider.id);
    if (app.out.json) {
      const { describeProvider } = await import("../../core/engine/declarations.ts");
      return app.out.value(describeProvider(provider, registry));
    }
    app.out.pairs([["provider", provider.id], ["title", provider.title], ["what it is", provider.summary]]);
    app.out.line();
    app.out.table(["auth method", "what it does"], provider.auths.map(({ id, summary }) => [id, summary]));
    app.out.line();
    app.out.table(
      ["job type", "what it does", "auth methods"],
      jobs.map(({ id, summary, auths }) => [
        id,
        summary,
        auths.map((auth) => auth.id),
      ]),
    );
    const [method] = provider.auths;
    if (method !== undefined) app.out.next([`${app.command("auth", "create", method.id)} --help`]);
  },
};

/** Systems that Waybill exchanges data with. */
export const provider: Noun = { verbs: { list, show } };
