/** The limit that refuses somebody, with the value that would have been enough filled in. */
import { receiveConnectorFacts, transportFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { Dialog } from "../../components/dialog.tsx";
import { useLoaded } from "../../load.ts";
import type { Headline } from "../../relay-watch.ts";
import { SettingsDialog } from "../settings/settings-dialog.tsx";

/** Rarely: a form that is being filled in stays as it is. */
const refreshMs = 3_600_000;

export function RaiseDialog({ headline, onClose }: { headline: Headline; onClose: () => void }) {
  const { fix, connector = "" } = headline;
  if (fix === undefined) return null;
  const common = {
    title: `Raise ${fix.setting}`,
    proposed: { [fix.setting]: String(fix.value) },
    done: `${fix.setting} is ${fix.value}.`,
    onClose,
  };
  const ofTransport = transportFacts.filter(({ name }) => name === fix.setting);
  return ofTransport.length > 0 ? (
    <RaiseTransport facts={ofTransport} common={common} />
  ) : (
    <RaiseConnector name={connector} setting={fix.setting} common={common} />
  );
}

interface Common {
  readonly title: string;
  readonly proposed: Readonly<Record<string, string>>;
  readonly done: string;
  readonly onClose: () => void;
}

function RaiseTransport({ facts, common }: { facts: typeof transportFacts; common: Common }) {
  const [service] = useLoaded("getTransportService", {}, refreshMs);
  if (service === undefined) return <Waiting common={common} />;
  return (
    <SettingsDialog
      {...common}
      facts={facts}
      settings={service.settings}
      origins={service.origins}
      change={(settings, whatIf) => call("setTransportService", { settings, whatIf })}
    />
  );
}

function RaiseConnector({ name, setting, common }: { name: string; setting: string; common: Common }) {
  const [connector] = useLoaded("getReceiveConnector", { name }, refreshMs);
  if (connector === undefined) return <Waiting common={common} />;
  return (
    <SettingsDialog
      {...common}
      title={`${common.title} of ${connector.name}`}
      facts={receiveConnectorFacts.filter((fact) => fact.name === setting)}
      settings={connector.settings}
      origins={connector.origins}
      change={(settings, whatIf) => call("setReceiveConnector", { name, settings, whatIf })}
    />
  );
}

function Waiting({ common }: { common: Common }) {
  return (
    <Dialog title={common.title} onClose={common.onClose}>
      <p>…</p>
    </Dialog>
  );
}
