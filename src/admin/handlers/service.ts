/** The relay as a whole: about, transport settings, configuration file. */
import { plainTransport, settingChanges } from "../../config/plain-settings.ts";
import { transportKinds } from "../../config/setting-kinds.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
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
        startedAt: startedAt.toISOString(),
        configFile: configuration?.file ?? null,
        dataDirectory: relay.settings.dataDirectory,
        listeners: relay.listeners().map(formatEndpoint),
        sessions: relay.sessions,
        queued: relay.queued,
        ready,
        reasons: [...reasons],
        configuration: checks.configuration,
        certificates: relay.certificates
          .inUse()
          .map(({ file, subject, validTo }) => ({ file, subject, validTo: new Date(validTo).toISOString() })),
      };
    },
    getTransportService: () => {
      const settings = plainTransport(relay.settings.transport);
      return {
        settings: shownSection(settings),
        origins: origins(administered, "transport", undefined, settings),
        kinds: transportKinds,
      };
    },
    setTransportService: ({ settings, whatIf }) =>
      changeConfiguration(administered, { kind: "setSection", section: "transport", settings }, whatIf, {
        changes: ({ before, after }) =>
          settingChanges(plainTransport(before.settings.transport), plainTransport(after.settings.transport)),
      }),
    getConfiguration: () => {
      const { file, applied } = configurationOf(administered);
      return { file, text: applied.text };
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
