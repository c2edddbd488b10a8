/** The send connectors of docs/recipes, as their commands make them: each is a configuration without faults and warnings. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { bindArguments } from "../../src/cli/arguments/bind-arguments.ts";
import { textOf } from "../../src/cli/arguments/value.ts";
import { cmdlets } from "../../src/cli/cmdlets/all.ts";
import { givenSettings } from "../../src/cli/run/setting-changes.ts";
import { sendConnectorFacts } from "../../src/config/generated/setting-facts.ts";
import { parseConfigValue } from "../../src/config/parse-config.ts";
import { testCertificate } from "../../src/testing/test-certificate.ts";
import { commandsOf, wordsInShell } from "./commands-in-docs.ts";

const folder = resolve(import.meta.dirname, "../../docs/recipes");
const recipes = readdirSync(folder).filter((name) => name !== "README.md");

let certificate = { cert: "", key: "" };
beforeAll(async () => {
  certificate = await testCertificate("relay.contoso.com", "RSA");
});

function readText(file: string): string {
  if (file.endsWith(".pem")) return certificate.cert;
  if (file.endsWith(".json"))
    return JSON.stringify({
      type: "service_account",
      client_email: "weir@project.iam.gserviceaccount.com",
      private_key_id: "kid1",
      private_key: certificate.key,
    });
  return file.endsWith("relay.key") || file.endsWith("m365.key") ? certificate.key : "secret\n";
}

test.each(recipes)(
  "%s: its connector is in order after each command, and it ends with a test",
  async (page) => {
    const markdown = readFileSync(join(folder, page), "utf8");
    const commands = wordsInShell(commandsOf(markdown));
    const connectors = new Map<string, Record<string, unknown>>();
    for (const [command, ...words] of commands) {
      const cmdlet = cmdlets.find(({ name }) => name === command);
      if (cmdlet === undefined || !/^(?:New|Set)-SendConnector$/.test(cmdlet.name)) continue;
      const bound = bindArguments(cmdlet, words);
      if (!bound.ok) throw new Error(bound.faults.join("\n"));
      const name = textOf(bound.args, "Name") ?? textOf(bound.args, "Identity") ?? "";
      expect(connectors.has(name)).toBe(command === "Set-SendConnector");
      const settings = await givenSettings(bound.args, sendConnectorFacts, () => Promise.resolve({}));
      connectors.set(name, { name, ...connectors.get(name), ...settings });
      const result = parseConfigValue(
        {
          receiveConnectors: [
            {
              name: "App",
              bindings: ["127.0.0.1:2525"],
              remoteIpRanges: ["127.0.0.1"],
              permissionGroups: ["AnonymousUsers"],
              anonymousRelay: true,
            },
          ],
          sendConnectors: [...connectors.values()],
        },
        { file: "/etc/weir/weir.yaml", hostname: "relay.contoso.com", env: {}, readText },
      );
      expect(result.ok ? result.warnings : result.faults).toEqual([]);
    }
    expect(connectors.size).toBeGreaterThan(0);
    const last = commands.at(-1);
    expect(last?.[0]).toBe("Test-SendConnector");
    expect(connectors.has(last?.[1] ?? "")).toBe(true);
    expect(last).toContain("-To");
  },
);
