/** Names for completion: from the running relay when it answers at once, else from the file. */
import { readFile } from "node:fs/promises";
import { categories } from "../../events/catalogue.ts";
import type { AdminClient } from "../../admin/client.ts";
import { chooseConfigFile } from "../config-file.ts";
import type { Cmdlet } from "../cmdlet.ts";
import type { LookUp } from "./complete-words.ts";

/** Nobody wants to wait for Tab. */
const patienceMs = 400;

export const lookUpAmong =
  (cmdlets: readonly Cmdlet[]): LookUp =>
  async (candidates, words) => {
    switch (candidates) {
      case "category":
        return [...categories, ...categories.map((category) => `MSExchangeTransport\\${category}`)];
      case "cmdlet":
        return cmdlets.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
      // The shell itself completes files where nothing else is offered.
      case "file":
      // There may be a million of them.
      case "message":
        return [];
      case "receiveConnector":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listReceiveConnectors", {}, options)).connectors.map(({ name }) => name),
          )) ?? (await namesInFile(words, "receiveConnectors"))
        );
      case "sendConnector":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listSendConnectors", {}, options)).connectors.map(({ name }) => name),
          )) ?? (await namesInFile(words, "sendConnectors"))
        );
      case "acceptedDomain":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listAcceptedDomains", {}, options)).domains.map(
              ({ domainName }) => domainName,
            ),
          )) ?? (await namesInFile(words, "acceptedDomains"))
        );
      case "user":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listUsers", {}, options)).users.map(({ name }) => name),
          )) ?? (await namesInFile(words, "users"))
        );
      case "apiKey":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listApiKeys", {}, options)).keys.map(({ name }) => name),
          )) ?? (await namesInFile(words, "apiKeys"))
        );
      case "application":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listApplications", {}, options)).applications.map(({ name }) => name),
          )) ?? (await namesInFile(words, "applications"))
        );
      case "addressRewriteEntry":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listAddressRewriteEntries", {}, options)).entries.map(({ name }) => name),
          )) ?? (await namesInFile(words, "addressRewriteEntries"))
        );
      case "webhook":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listWebhooks", {}, options)).webhooks.map(({ name }) => name),
          )) ?? (await namesInFile(words, "webhooks"))
        );
      case "dkimKey":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listDkimKeys", {}, options)).keys.map(({ name }) => name),
          )) ?? (await namesInFile(words, "dkimKeys"))
        );
      case "queue":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listQueues", {}, options)).queues.map(({ identity }) => identity),
          )) ?? []
        );
      case "node":
        return (
          (await asked(words, async (relay, options) =>
            (await relay.call("listNodes", {}, options)).nodes.map(({ name }) => name),
          )) ?? []
        );
      case "source":
        return (
          (await asked(words, async (relay, options) => [
            ...new Set(
              (await relay.call("listConnectionSources", {}, options)).sources.map(({ source }) => source),
            ),
          ])) ?? []
        );
    }
  };

/** Undefined: no relay answers in time. */
async function asked(
  words: readonly string[],
  question: (relay: AdminClient, options: { readonly signal: AbortSignal }) => Promise<readonly string[]>,
): Promise<readonly string[] | undefined> {
  try {
    const { relayOf } = await import("../ask-relay.ts");
    const relay = await relayOf({ config: configOf(words) });
    return await question(relay, { signal: AbortSignal.timeout(patienceMs) });
  } catch {
    return undefined;
  }
}

async function namesInFile(words: readonly string[], section: string): Promise<readonly string[]> {
  try {
    const { file } = await chooseConfigFile(configOf(words));
    const { readYaml } = await import("../../config/yaml-source.ts");
    const source = readYaml(await readFile(file, "utf8"));
    const root = source.ok ? (source.value as Readonly<Record<string, unknown>> | null) : null;
    const entries = root?.[section];
    if (!Array.isArray(entries)) return [];
    return entries.flatMap((entry: unknown) =>
      typeof entry === "string"
        ? [entry]
        : typeof entry === "object" && entry !== null && "name" in entry && typeof entry.name === "string"
          ? [entry.name]
          : [],
    );
  } catch {
    return [];
  }
}

function configOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(?:--?config|-c)$/i.test(word));
  const joined = words
    .map((word) => /^--?config[:=](.+)$/i.exec(word)?.[1])
    .find((file) => file !== undefined);
  return at < 0 ? joined : words[at + 1];
}
