import { plainSendConnector, settingChanges, type PlainSection } from "../../config/plain-settings.ts";
import { sendConnectorKinds } from "../../config/setting-kinds.ts";
import type { Settings } from "../../config/settings.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { changeConfiguration } from "./change.ts";
import { findConnector, origins, setOnly, shownSection } from "./connector-settings.ts";

type Names =
  | "listSendConnectors"
  | "getSendConnector"
  | "newSendConnector"
  | "setSendConnector"
  | "enableSendConnector"
  | "disableSendConnector"
  | "removeSendConnector";

const section = "sendConnectors";

export function sendConnectorHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const all = (): readonly SendConnectorSettings[] => relay.settings.sendConnectors;
  const find = (name: string): SendConnectorSettings =>
    findConnector(all(), name, relay.settings.hostname, "send");

  const show = (connector: SendConnectorSettings): Output<"getSendConnector"> => {
    const settings = plainSendConnector(connector);
    const queues = relay.queues().filter((queue) => queue.connector === connector.name);
    return {
      name: connector.name,
      kind: connector.kind,
      settings: shownSection(settings),
      origins: origins(administered, section, all().indexOf(connector), settings),
      kinds: sendConnectorKinds,
      status: {
        queues: queues.length,
        messages: queues.reduce((sum, { messages }) => sum + messages, 0),
      },
    };
  };

  const set = (name: string, settings: PlainSection, whatIf: boolean) => {
    const identity = find(name).name;
    const newName = typeof settings["name"] === "string" ? settings["name"] : identity;
    return changeConfiguration(administered, { kind: "set", section, name: identity, settings }, whatIf, {
      changes: ({ before, after }) =>
        settingChanges(plainOf(before.settings, identity), plainOf(after.settings, newName)),
    });
  };

  return {
    listSendConnectors: () => ({ connectors: all().map(show) }),
    getSendConnector: ({ name }) => show(find(name)),
    newSendConnector: ({ name, settings, whatIf }) =>
      changeConfiguration(administered, { kind: "add", section, name, settings }, whatIf, {
        changes: ({ after }) => {
          const index = indexOf(after.settings, name);
          const isSet = (setting: string): boolean =>
            after.origins.get(`${section}[${index}].${setting}`) === "set";
          return settingChanges({}, setOnly(plainOf(after.settings, name), isSet));
        },
      }),
    setSendConnector: ({ name, settings, whatIf }) => set(name, settings, whatIf),
    enableSendConnector: ({ name, whatIf }) => set(name, find(name).enabled ? {} : { enabled: true }, whatIf),
    disableSendConnector: ({ name, whatIf }) =>
      set(name, find(name).enabled ? { enabled: false } : {}, whatIf),
    removeSendConnector: ({ name, whatIf }) => {
      const identity = find(name).name;
      return changeConfiguration(administered, { kind: "remove", section, name: identity }, whatIf, {
        changes: ({ before }) => {
          const index = indexOf(before.settings, identity);
          const isSet = (setting: string): boolean =>
            before.origins.get(`${section}[${index}].${setting}`) === "set";
          return settingChanges(setOnly(plainOf(before.settings, identity), isSet), {});
        },
      });
    },
  };
}

function indexOf(settings: Settings, name: string): number {
  return settings.sendConnectors.findIndex(
    (connector) => connector.name.toLowerCase() === name.trim().toLowerCase(),
  );
}

function plainOf(settings: Settings, name: string): PlainSection {
  const connector = settings.sendConnectors[indexOf(settings, name)];
  return connector === undefined ? {} : plainSendConnector(connector);
}
