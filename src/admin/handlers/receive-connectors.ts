import type { Origins } from "../../config/parse-config.ts";
import { plainReceiveConnector, settingChanges, type PlainSection } from "../../config/plain-settings.ts";
import { receiveConnectorKinds } from "../../config/setting-kinds.ts";
import type { Settings } from "../../config/settings.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { changeConfiguration } from "./change.ts";
import { findConnector, origins, setOnly, shownSection } from "./connector-settings.ts";
import { adviceForNewConnector } from "./new-connector.ts";

type Names =
  | "listReceiveConnectors"
  | "getReceiveConnector"
  | "newReceiveConnector"
  | "setReceiveConnector"
  | "enableReceiveConnector"
  | "disableReceiveConnector"
  | "removeReceiveConnector";

const section = "receiveConnectors";

export function receiveConnectorHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const all = (): readonly ReceiveConnectorSettings[] => relay.settings.receiveConnectors;
  const find = (name: string): ReceiveConnectorSettings =>
    findConnector(all(), name, relay.settings.hostname, "receive");

  const show = (connector: ReceiveConnectorSettings): Output<"getReceiveConnector"> => {
    const index = all().indexOf(connector);
    const listening = new Set(
      relay
        .bindings()
        .filter(({ connectors }) => connectors.includes(connector.name))
        .map(({ endpoint }) => formatEndpoint(endpoint)),
    );
    let openConnections = 0;
    for (const { connector: name, open } of relay.counts())
      if (name === connector.name) openConnections += open;
    return {
      name: connector.name,
      settings: shownSection(plainReceiveConnector(connector)),
      origins: origins(administered, section, index, plainReceiveConnector(connector)),
      kinds: receiveConnectorKinds,
      status: {
        endpoints: connector.bindings.map((binding) => ({
          binding: formatEndpoint(binding),
          listening: listening.has(formatEndpoint(binding)),
        })),
        openConnections,
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
    listReceiveConnectors: () => ({ connectors: all().map(show) }),
    getReceiveConnector: ({ name }) => show(find(name)),
    newReceiveConnector: ({ name, usage, settings, whatIf }) =>
      changeConfiguration(
        administered,
        {
          kind: "add",
          section,
          name,
          settings: { ...(usage === undefined ? {} : { usage }), ...settings },
        },
        whatIf,
        {
          changes: ({ after }) =>
            settingChanges({}, setOnly(plainOf(after.settings, name), originsOf(after, name))),
          notices: ({ after }) => adviceForNewConnector(after, name),
        },
      ),
    setReceiveConnector: ({ name, settings, whatIf }) => set(name, settings, whatIf),
    enableReceiveConnector: ({ name, whatIf }) =>
      set(name, find(name).enabled ? {} : { enabled: true }, whatIf),
    disableReceiveConnector: ({ name, whatIf }) =>
      set(name, find(name).enabled ? { enabled: false } : {}, whatIf),
    removeReceiveConnector: ({ name, whatIf }) => {
      const identity = find(name).name;
      return changeConfiguration(administered, { kind: "remove", section, name: identity }, whatIf, {
        changes: ({ before }) =>
          settingChanges(setOnly(plainOf(before.settings, identity), originsOf(before, identity)), {}),
      });
    },
  };
}

function indexOf(settings: Settings, name: string): number {
  return settings.receiveConnectors.findIndex(
    (connector) => connector.name.toLowerCase() === name.trim().toLowerCase(),
  );
}

function plainOf(settings: Settings, name: string): PlainSection {
  const connector = settings.receiveConnectors[indexOf(settings, name)];
  return connector === undefined ? {} : plainReceiveConnector(connector);
}

function originsOf(
  configuration: { readonly settings: Settings; readonly origins: Origins },
  name: string,
): (setting: string) => boolean {
  const index = indexOf(configuration.settings, name);
  return (setting) => configuration.origins.get(`${section}[${index}].${setting}`) === "set";
}
