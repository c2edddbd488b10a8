/** A Send connector of Exchange 2010 to SE, exported, as one here. */
import type { Plain } from "../../edit-value.ts";
import { sendConnectorFacts } from "../../generated/setting-facts.ts";
import { sendConnectorSchema } from "../../send-connector-schema.ts";
import {
  type ExportedObject,
  type ExportedValue,
  isList,
  itemsOf,
  textOf,
} from "../exported/exported-value.ts";
import { commandText, type Finding, type ImportedPart, plainText, type ToDo } from "../finding.ts";
import { carrySettings, type Special } from "./carry-settings.ts";

export interface SendConnectorImport {
  /** Next hops in place of delivery by MX record; undefined: none. */
  readonly smartHosts: readonly string[] | undefined;
  /** File with the smart host's password, which no export holds. */
  readonly passwordFile: string | undefined;
  readonly userName: string | undefined;
}

const section = "sendConnectors";

export function importSendConnector(object: ExportedObject, options: SendConnectorImport): ImportedPart {
  const name = textOf(object.get("name")?.value) || textOf(object.get("identity")?.value);
  const part = { title: `Send connector ${name || "without a name"}` };
  const skipped = (reason: string, findings: readonly Finding[] = []): ImportedPart => ({
    ...part,
    edits: [],
    findings,
    toDo: [],
    skipped: reason,
  });
  if (name === "") return skipped("the export has neither its Name nor its Identity");
  if (!object.has("addressspaces"))
    return skipped("the export has no AddressSpaces; write all of it, with | Format-List");

  const hosts = itemsOf(object.get("smarthosts")?.value ?? object.get("smarthostsstring")?.value);
  const nextHops = hosts.length > 0 ? hosts : (options.smartHosts ?? []);
  const carried = carrySettings(object, {
    section,
    facts: sendConnectorFacts,
    shape: sendConnectorSchema.shape,
    preset: () => undefined,
    special: (setting, { value }) => special(setting, value, hosts, options),
  });
  if (carried.settings["addressSpaces"] === undefined)
    return skipped("none of its address spaces can be taken", carried.findings);
  const { settings, findings, toDo } = logOn(name, object, carried.settings, options);
  const nextHop = nextHops.length === 0 ? { dnsRoutingEnabled: true } : { smartHosts: nextHops };
  const told = new Set(findings.map(({ property }) => property.toLowerCase()));
  return {
    ...part,
    edits: [{ kind: "add", section, name, settings: { ...nextHop, ...settings } }],
    findings: [...carried.findings.filter(({ property }) => !told.has(property.toLowerCase())), ...findings],
    toDo,
  };
}

function special(
  setting: string,
  value: ExportedValue,
  hosts: readonly string[],
  options: SendConnectorImport,
): Special | undefined {
  switch (setting) {
    case "smarthostsstring":
    // The log-on is told as a whole.
    case "authenticationCredential":
      return { value: undefined, outcome: "nothing", text: "" };
    case "errorPolicies":
      return withoutCustomPolicies(value);
    case "dnsRoutingEnabled":
      if (textOf(value).toLowerCase() !== "true") return { value: undefined, outcome: "nothing", text: "" };
      if (hosts.length > 0)
        return { value: undefined, outcome: "leftOut", text: "it means nothing beside SmartHosts" };
      return options.smartHosts === undefined
        ? undefined
        : {
            value: undefined,
            outcome: "differs",
            text: `smartHosts: ${options.smartHosts.join(", ")}, as given with -SmartHosts, in place of delivery by MX record`,
          };
    default:
      return undefined;
  }
}

/** Undefined: there are none of those. Which replies they mean stands in no export. */
function withoutCustomPolicies(value: ExportedValue): Special | undefined {
  const words = itemsOf(value);
  const others = words.filter((word) => !/^(?:Down|Up)gradeCustomFailures$/i.test(word));
  if (others.length === words.length) return undefined;
  const text =
    "DowngradeCustomFailures and UpgradeCustomFailures need the replies they are for, which no export holds: Set-SendConnector -ErrorPolicies with -CustomFailures";
  return others.length === 0
    ? { value: undefined, outcome: "leftOut", text }
    : { value: others, outcome: "differs", text: `${others.join(", ")}; ${text}` };
}

/** Without its password a connector that logs on would have its mail refused: it waits, disabled. */
function logOn(
  name: string,
  object: ExportedObject,
  settings: Readonly<Record<string, Plain>>,
  options: SendConnectorImport,
): {
  readonly settings: Readonly<Record<string, Plain>>;
  readonly findings: readonly Finding[];
  readonly toDo: readonly ToDo[];
} {
  const { smartHostAuthMechanism: mechanism, ...others } = settings;
  if (mechanism === undefined) return { settings, findings: [], toDo: [] };
  const userName = options.userName ?? userNameOf(object.get("authenticationcredential")?.value ?? null);
  const property = "AuthenticationCredential";
  if (options.passwordFile !== undefined && userName !== "") {
    const { passwordFile } = options;
    return {
      settings: { ...settings, authenticationCredential: { userName, passwordFile } },
      findings: [
        {
          property,
          value: userName,
          outcome: "differs",
          text: `the password is read from ${passwordFile}, as given with -PasswordFile`,
        },
      ],
      toDo: [],
    };
  }
  const user = userName === "" ? "NAME" : userName;
  return {
    settings: { ...others, enabled: false },
    findings: [
      {
        property: "SmartHostAuthMechanism",
        value: plainText(mechanism),
        outcome: "differs",
        text: "None, until there is a password",
      },
      {
        property: "Enabled",
        value: "",
        outcome: "differs",
        text: "enabled: false, until there is a password",
      },
      {
        property,
        value: userName,
        outcome: "leftOut",
        text: "the password is in no export; the connector stays disabled until it has one",
      },
    ],
    toDo: [
      {
        text: `${name}: put the password of ${user} into a file that only the relay may read (mode 0600), then:`,
        command: commandText(
          "Set-SendConnector",
          name,
          "-SmartHostAuthMechanism",
          plainText(mechanism),
          "-AuthenticationCredential",
          `@{UserName='${user}';PasswordFile='FILE'}`,
          "-Enabled",
          "true",
        ),
      },
    ],
  };
}

function userNameOf(credential: ExportedValue): string {
  if (typeof credential !== "object" || credential === null || isList(credential)) return "";
  return textOf(credential["UserName"]);
}
