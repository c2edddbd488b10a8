/** Logging on to a next hop. */
import { commandText, type ToDo } from "../finding.ts";
import { type Carried, tell } from "../carried.ts";
import type { MainCf } from "./main-cf.ts";
import { saslAccount } from "./sasl-account.ts";
import type { PostfixFiles } from "./tables.ts";
import { isYes } from "./values.ts";

export interface LogOnOptions {
  readonly files: PostfixFiles;
  /** Where the password of the next hop is to be; undefined: the connector stays disabled. */
  readonly passwordFile: string | undefined;
}

/** Tells what is left to do. No password goes into the settings. */
export function carryLogOn(
  name: string,
  carried: Carried,
  main: MainCf,
  given: string,
  options: LogOnOptions,
): readonly ToDo[] {
  if (!isYes(main.value("smtp_sasl_auth_enable"))) return [];
  const account = saslAccount(main.value("smtp_sasl_password_maps"), given, options.files);
  const property = "smtp_sasl_password_maps";
  if (account.kind === "none") return [];
  const { userName } = account;
  const mechanism = carried.settings["ignoreStartTls"] === true ? "BasicAuth" : "BasicAuthRequireTLS";
  if (options.passwordFile !== undefined && userName !== undefined) {
    carried.settings["smartHostAuthMechanism"] = mechanism;
    carried.settings["authenticationCredential"] = { userName, passwordFile: options.passwordFile };
    tell(
      carried,
      property,
      userName,
      "differs",
      `smartHostAuthMechanism: ${mechanism}; the password is read from ${options.passwordFile}`,
    );
    return [];
  }
  carried.settings["enabled"] = false;
  tell(
    carried,
    property,
    userName,
    "leftOut",
    "passwords are not copied into weir.yaml; the connector stays disabled until it has a file with its password",
  );
  const user = userName ?? "NAME";
  return [
    {
      text: `${name}: import it with -PasswordFile FILE, which writes the password of ${user} there (mode 0600); or put it into such a file yourself, then:`,
      command: commandText(
        "Set-SendConnector",
        name,
        "-SmartHostAuthMechanism",
        mechanism,
        "-AuthenticationCredential",
        `@{UserName='${user}';PasswordFile='FILE'}`,
        "-Enabled",
        "true",
      ),
    },
  ];
}
