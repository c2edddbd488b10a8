/** The weir.yaml that the package installs: the newcomer's, at the places of a service. */
import { defaultConfig } from "../../src/config/default-config.ts";
import { editConfiguration } from "../../src/config/edit.ts";

/** `bindings` of the connector for this machine's programs. */
export function serviceConfiguration(place: {
  readonly dataDirectory: string;
  readonly bindings: readonly string[];
  readonly socketGroup?: string;
}): string {
  const { dataDirectory, bindings, socketGroup } = place;
  const edited = editConfiguration(defaultConfig, [
    { kind: "setTop", settings: { dataDirectory } },
    { kind: "set", section: "receiveConnectors", name: "AppRelay", settings: { bindings: [...bindings] } },
    ...(socketGroup === undefined
      ? []
      : [{ kind: "setSection", section: "admin", settings: { socketGroup } } as const]),
  ]);
  if (!edited.ok) throw new Error(edited.message);
  return edited.text;
}
