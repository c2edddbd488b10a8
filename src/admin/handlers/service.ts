/** The relay as a whole: about, transport settings, configuration file. */
import { maskedLines } from "../../config/masked-secrets.ts";
import { plainTransport, settingChanges } from "../../config/plain-settings.ts";
import { transportKinds } from "../../config/setting-kinds.ts";
import type { ConfigurationEdit } from "../../config/edit.ts";
import { protocolLogDirectory } from "../../logs/protocol-log.ts";
import { trackingFamily } from "../../tracking/tracking.ts";
import { listeningText } from "../../core/policy/listening-endpoint.ts";
import { version } from "../../version.ts";
import type { Administered, Handlers } from "../administered.ts";
import {
  changeConfiguration,
  changeOf,
  changeOutput,
  configurationOf,
  settled,
  shownFault,
} from "./change.ts";
import { origins, shownSection } from "./named-settings.ts";

type Names =
  | "about"
  | "getTransportService"
  | "setTransportService"
  | "getConfiguration"
  | "checkConfiguration"
  | "editConfiguration"
  | "reloadConfiguration";

export function serviceHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, startedAt, configuration } = administered;

  return {
    about: async () => {
      const { ready, reasons, checks } = await relay.readiness();
      return {
        version,
        pid: process.pid,
        hostname: relay.settings.hostname,
        node: relay.node?.name ?? null,
        startedAt: startedAt.toISOString(),
        configFile: configuration?.file ?? null,
        dataDirectory: relay.settings.dataDirectory,
        listeners: relay.bindings().map(({ bound, endpoint: { door } }) => listeningText({ ...bound, door })),
        sessions: relay.sessions,
        queued: relay.queued,
        suspended: relay.suspension ?? null,
        ready,
        reasons: [...reasons],
        configuration: checks.configuration,
        certificates: relay.certificates
          .inUse()
          .map(({ file, subject, validTo }) => ({ file, subject, validTo: new Date(validTo).toISOString() })),
      };
    },
    getTransportService: () => {
      const transport = plainTransport(relay.settings.transport);
      const { hostname, dataDirectory } = relay.settings;
      return {
        settings: shownSection({ hostname, ...transport }),
        origins: {
          hostname: configuration?.applied.origins.get("hostname") ?? "set",
          ...origins(administered, "transport", undefined, transport),
        },
        kinds: { hostname: "domain name", ...transportKinds },
        paths: {
          dataDirectory,
          messageTrackingLogPath: trackingFamily(dataDirectory).directory,
          receiveProtocolLogPath: protocolLogDirectory(dataDirectory, "receive"),
          sendProtocolLogPath: protocolLogDirectory(dataDirectory, "send"),
        },
      };
    },
    setTransportService: ({ settings: { hostname, ...settings }, whatIf }) => {
      const edits: ConfigurationEdit[] = [{ kind: "setSection", section: "transport", settings }];
      if (hostname !== undefined) edits.push({ kind: "setTop", settings: { hostname } });
      return changeConfiguration(administered, edits, whatIf, {
        changes: ({ before, after }) => [
          ...(hostname === undefined || hostname === before.settings.hostname
            ? []
            : [{ setting: "hostname", before: before.settings.hostname, after: hostname }]),
          ...settingChanges(
            plainTransport(before.settings.transport),
            plainTransport(after.settings.transport),
          ),
        ],
      });
    },
    getConfiguration: () => {
      const { place, applied } = configurationOf(administered);
      return { file: place, text: maskedLines(applied.text.split("\n")).join("\n") };
    },
    checkConfiguration: async ({ text }) => {
      const result = await settled(configurationOf(administered).check(text));
      return {
        ok: result.ok,
        faults: result.ok ? [] : result.faults.map(shownFault),
        warnings: (result.warnings ?? []).map(shownFault),
      };
    },
    editConfiguration: ({ edits, whatIf }) => changeConfiguration(administered, edits, whatIf),
    reloadConfiguration: async () => {
      const live = configurationOf(administered);
      return changeOutput(live, changeOf(live, await settled(live.reload())), { whatIf: false });
    },
  };
}
