/**
 * The first weir.yaml: the newcomer's, with what the environment says beside it. For containers, whose first start has no file;
 * once there is one, it alone counts.
 */
import { defaultConfig } from "./default-config.ts";
import { type ConfigurationEdit, editConfiguration } from "./edit.ts";

/** By name, what each sets; lists are separated by commas. */
export const firstVariables = {
  WEIR_HOSTNAME: "hostname",
  WEIR_DATA_DIRECTORY: "dataDirectory",
  WEIR_BINDINGS: "bindings of the receive connector",
  WEIR_REMOTE_IP_RANGES: "whom it serves; default: this machine, in a container nobody else",
  WEIR_ACCEPTED_DOMAINS: "acceptedDomains",
  WEIR_SMART_HOSTS: "smartHosts; without them mail goes into a drop directory",
  WEIR_SMART_HOST_REQUIRE_TLS: "true: no mail without TLS; always so with a user name",
  WEIR_SMART_HOST_USER_NAME: "whom to log on as there",
  WEIR_SMART_HOST_PASSWORD_FILE: "file with the password, as secrets are mounted",
  WEIR_SMART_HOST_PASSWORD: "the password itself, in place of a file; it stays in the environment",
  WEIR_CONSOLE: "address of the console; default: 127.0.0.1:8025",
  WEIR_METRICS_LISTEN: "where metrics and health are served",
  WEIR_METRICS_ALLOW: "who may ask there",
  WEIR_REQUIRE_PERSISTENT_SPOOL: "requirePersistentSpool",
} as const;
export type FirstVariable = keyof typeof firstVariables;
export type FirstEnvironment = Readonly<Partial<Record<FirstVariable, string | undefined>>>;

/** Its text, for `parseConfig` to judge. An empty variable is none. */
export function firstConfig(env: FirstEnvironment): string {
  const edited = editConfiguration(defaultConfig, editsOf(env));
  if (!edited.ok) throw new Error(edited.message);
  return edited.text;
}

function editsOf(env: FirstEnvironment): readonly ConfigurationEdit[] {
  const text = (name: FirstVariable): string | undefined => env[name] || undefined;
  const list = (name: FirstVariable): readonly string[] | undefined =>
    text(name)
      ?.split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  const flag = (name: FirstVariable): boolean | string | undefined => {
    const given = text(name);
    return given === "true" || given === "false" ? given === "true" : given;
  };
  const edits: ConfigurationEdit[] = [];
  const add = (
    given: Readonly<Record<string, unknown>>,
    edit: (settings: Given) => ConfigurationEdit,
  ): void => {
    const settings = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Given;
    if (Object.keys(settings).length > 0) edits.push(edit(settings));
  };
  add(
    {
      hostname: text("WEIR_HOSTNAME"),
      dataDirectory: text("WEIR_DATA_DIRECTORY"),
      requirePersistentSpool: flag("WEIR_REQUIRE_PERSISTENT_SPOOL"),
      acceptedDomains: list("WEIR_ACCEPTED_DOMAINS"),
    },
    (settings) => ({ kind: "setTop", settings }),
  );
  add({ bindings: list("WEIR_BINDINGS"), remoteIpRanges: list("WEIR_REMOTE_IP_RANGES") }, (settings) => ({
    kind: "set",
    section: "receiveConnectors",
    name: "AppRelay",
    settings,
  }));
  add({ console: text("WEIR_CONSOLE") }, (settings) => ({ kind: "setSection", section: "admin", settings }));
  add({ listen: list("WEIR_METRICS_LISTEN"), allow: list("WEIR_METRICS_ALLOW") }, (settings) => ({
    kind: "setSection",
    section: "metrics",
    settings,
  }));
  const smartHosts = list("WEIR_SMART_HOSTS");
  if (smartHosts === undefined) return edits;
  const userName = text("WEIR_SMART_HOST_USER_NAME");
  const passwordFile = text("WEIR_SMART_HOST_PASSWORD_FILE");
  return [
    ...edits,
    { kind: "remove", section: "sendConnectors", name: "Drop" },
    {
      kind: "add",
      section: "sendConnectors",
      name: "Out",
      settings: {
        addressSpaces: ["*"],
        smartHosts,
        requireTls: userName === undefined ? (flag("WEIR_SMART_HOST_REQUIRE_TLS") ?? false) : true,
        ...(userName === undefined
          ? {}
          : {
              smartHostAuthMechanism: "BasicAuthRequireTLS",
              authenticationCredential: {
                userName,
                ...(passwordFile === undefined
                  ? { passwordEnv: "WEIR_SMART_HOST_PASSWORD" }
                  : { passwordFile }),
              },
            }),
      },
    },
  ];
}

type Given = Extract<ConfigurationEdit, { readonly kind: "setTop" }>["settings"];
