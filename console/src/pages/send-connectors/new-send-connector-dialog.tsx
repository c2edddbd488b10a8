/** A new send connector: which domains it serves, where it hands their mail on, how it logs on there. */
import { sendConnectorFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { NewConnectorDialog, type Given } from "../connectors/new-connector-dialog.tsx";

const asked = [
  "addressSpaces",
  "smartHosts",
  "dropDirectory",
  "requireTls",
  "smartHostAuthMechanism",
  "authenticationCredential",
  "maxConcurrentConnections",
];

export function NewSendConnectorDialog({
  others,
  onClose,
}: {
  /** Address spaces that are served already, by connector. */
  others: ReadonlyMap<string, readonly string[]>;
  onClose: () => void;
}) {
  return (
    <NewConnectorDialog
      kind="send connector"
      words="Which recipient domains it serves, and the next hop their mail goes on to. What is left empty takes its default; everything can be changed later."
      facts={sendConnectorFacts}
      asked={asked}
      remarkable={(given) => remarkable(given, others)}
      create={(input) => call("newSendConnector", input)}
      onClose={onClose}
    />
  );
}

function remarkable(given: Given, others: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const hasHost = given("smartHosts") !== "";
  const hasFolder = given("dropDirectory") !== "";
  if (hasHost && hasFolder) found.push("Either smartHosts or dropDirectory: one connector does one of them.");
  if (hasFolder && !hasHost)
    found.push("Nothing is sent: each message becomes a file in this folder, for another program to fetch.");
  if (hasHost && given("requireTls") !== "true")
    found.push(
      "Without requireTls mail goes in clear where the next hop offers no STARTTLS, or somebody on the way hides that it does.",
    );
  const mechanism = given("smartHostAuthMechanism");
  if (mechanism === "BasicAuth" && given("requireTls") !== "true")
    found.push("BasicAuth may send the password in clear; BasicAuthRequireTLS does not.");
  if (mechanism.startsWith("BasicAuth") && given("authenticationCredential") === "")
    found.push(`${mechanism} needs authenticationCredential.`);
  for (const space of spacesOf(given("addressSpaces")))
    for (const [name, served] of others)
      if (served.some((text) => spacesOf(text).includes(space)))
        found.push(
          `${name} serves ${space} too: the lower cost wins, then the name. A cost stands behind the domain: ${space};10.`,
        );
  return found;
}

/** Without their costs. */
function spacesOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((one) => one.trim().split(";", 1)[0]?.toLowerCase() ?? "")
    .filter((one) => one !== "");
}
