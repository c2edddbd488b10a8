/** Get- and Set-TransportConfig: the organisation's limits are those of all connectors here. */
import type { ConfigurationEdit } from "../../config/edit.ts";
import { configuredLimit } from "../../core/policy/report-only.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Settings } from "../../config/settings.ts";
import type { Administered, Handlers } from "../administered.ts";
import { changeConfiguration } from "./change.ts";
import { shownLimit } from "./shown-values.ts";

type Limit = "maxReceiveSize" | "maxSendSize" | "maxRecipientEnvelopeLimit";

interface PerConnector {
  readonly connector: string;
  readonly value: number;
  /** False: it is only looked at. */
  readonly enforced: boolean;
}

/** What of each connector an organisation's limit is. */
const limits = {
  maxReceiveSize: { section: "receiveConnectors", setting: "maxMessageSize" },
  maxSendSize: { section: "sendConnectors", setting: "maxMessageSize" },
  maxRecipientEnvelopeLimit: { section: "receiveConnectors", setting: "maxRecipientsPerMessage" },
} as const satisfies Record<Limit, object>;

function valuesOf(limit: Limit, { receiveConnectors, sendConnectors }: Settings): readonly PerConnector[] {
  switch (limit) {
    case "maxReceiveSize":
      return receiveConnectors
        .filter(({ enabled }) => enabled)
        .map((connector) => received(connector, "maxMessageSize"));
    case "maxSendSize":
      return sendConnectors
        .filter(({ enabled }) => enabled)
        .map(({ name, maxMessageSize }) => ({ connector: name, value: maxMessageSize, enforced: true }));
    case "maxRecipientEnvelopeLimit":
      return receiveConnectors
        .filter(({ enabled }) => enabled)
        .map((connector) => received(connector, "maxRecipientsPerMessage"));
  }
}

/** As the file has it, not the ceiling that holds while it is only looked at. */
function received(
  connector: ReceiveConnectorSettings,
  limit: "maxMessageSize" | "maxRecipientsPerMessage",
): PerConnector {
  return {
    connector: connector.name,
    value: configuredLimit(connector, limit),
    enforced: connector.reportOnly?.includes(limit) !== true,
  };
}

const names = Object.keys(limits) as readonly Limit[];

export function transportConfigHandlers(
  administered: Administered,
): Pick<Handlers, "getTransportConfig" | "setTransportConfig"> {
  const { relay } = administered;
  const largest = (limit: Limit): number | "unlimited" | null => {
    const values = valuesOf(limit, relay.settings).map(({ value }) => value);
    return values.length === 0 ? null : shownLimit(Math.max(...values));
  };

  return {
    getTransportConfig: () => {
      const { externalPostmasterAddress, dsnMaxMessageAttachSize } = relay.settings.transport;
      return {
        settings: {
          maxReceiveSize: largest("maxReceiveSize"),
          maxSendSize: largest("maxSendSize"),
          maxRecipientEnvelopeLimit: largest("maxRecipientEnvelopeLimit"),
          externalPostmasterAddress,
          dsnMaxMessageAttachSize,
        },
        differences: names.flatMap((setting) => {
          const values = valuesOf(setting, relay.settings);
          const isSame = new Set(values.map(({ value }) => value)).size < 2;
          if (isSame && values.every(({ enforced }) => enforced)) return [];
          return values.map(({ value, ...one }) => ({ setting, ...one, value: shownLimit(value) }));
        }),
        kinds: {
          maxReceiveSize: "size",
          maxSendSize: "size",
          maxRecipientEnvelopeLimit: "integer",
          externalPostmasterAddress: "mail address",
          dsnMaxMessageAttachSize: "size",
        },
      };
    },
    setTransportConfig: ({ settings, whatIf }) => {
      const { externalPostmasterAddress, dsnMaxMessageAttachSize } = settings;
      const edits: ConfigurationEdit[] = names.flatMap((name) => {
        const value = settings[name];
        if (value === undefined) return [];
        const { section, setting } = limits[name];
        return [{ kind: "setEach", section, settings: { [setting]: value } }];
      });
      const transport = {
        ...(externalPostmasterAddress === undefined ? {} : { externalPostmasterAddress }),
        ...(dsnMaxMessageAttachSize === undefined ? {} : { dsnMaxMessageAttachSize }),
      };
      edits.push({ kind: "setSection", section: "transport", settings: transport });
      return changeConfiguration(administered, edits, whatIf, {
        notices: ({ after }) =>
          names
            .filter(
              (name) => settings[name] !== undefined && after.settings[limits[name].section].length === 0,
            )
            .map((name) => `${name} is a limit of each connector, and there is none it could be set on.`),
      });
    },
  };
}
