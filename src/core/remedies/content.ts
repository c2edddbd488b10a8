/** What a message or a command is like, where a setting takes it all the same. */
import { noSetting, setConnector, type Circumstances, type Met, type Remedy } from "./remedy.ts";

export type ContentKind =
  | "bareLinefeed"
  | "bareCarriageReturn"
  | "nulInContent"
  | "endOfDataNeedsCrlf"
  | "ehloDomainRequired"
  | "invalidSender"
  | "invalidRecipient"
  | "utf8NotOffered"
  | "chunkingNotOffered"
  | "unrecognizedParameter";

/** Undefined: the settings take it by now. */
export function contentRemedy(
  kind: ContentKind,
  { about }: Met,
  { connector }: Circumstances,
): Remedy | undefined {
  const change = (parameters: string, text: string, effect: string): Remedy => ({
    text,
    commands: [{ command: setConnector(connector, parameters), effect }],
  });
  const correct = "The application should be corrected. Until it is:";
  switch (kind) {
    case "bareLinefeed":
      if (!connector.bareLinefeedRejectionEnabled) return undefined;
      return change(
        "-BareLinefeedRejectionEnabled false",
        `Lines of its messages end in a line feed alone. ${correct}`,
        "line feeds alone become CR LF; they end no message",
      );
    case "bareCarriageReturn":
      if (!connector.bareCarriageReturnRejectionEnabled) return undefined;
      return change(
        connector.bareLinefeedRejectionEnabled
          ? "-BareCarriageReturnRejectionEnabled false -BareLinefeedRejectionEnabled false"
          : "-BareCarriageReturnRejectionEnabled false",
        `Its messages hold carriage returns that no line feed follows. ${correct}`,
        "they become CR LF",
      );
    case "nulInContent":
      if (connector.nulRemovalEnabled) return undefined;
      return change(
        "-NulRemovalEnabled true",
        `Its messages hold NUL octets. ${correct}`,
        "they are taken out",
      );
    case "endOfDataNeedsCrlf":
      return noSetting(
        "The application ends its message with line feeds alone, where SMTP asks for CR LF, a dot, CR LF. No setting takes that, because a message could be smuggled in so (docs/decisions/0004): the application has to write CR LF, as .NET, PHP's mail() and Unix scripts do once they are told to.",
      );
    case "ehloDomainRequired":
      if (!connector.requireEhloDomain) return undefined;
      return change(
        "-RequireEhloDomain false",
        "The application gives no name in EHLO or HELO. Give it one (any will do), or:",
        "its address stands in for the name",
      );
    case "invalidSender":
    case "invalidRecipient":
      return addressRemedy(about, connector, change);
    case "utf8NotOffered":
      return connector.smtpUtf8Enabled
        ? noSetting("The address is not ASCII and the application did not say SMTPUTF8 in MAIL: it has to.")
        : change(
            "-SmtpUtf8Enabled true",
            "An address is not ASCII, and the connector does not offer SMTPUTF8.",
            "SMTPUTF8 is offered; the next hop has to know it too",
          );
    case "chunkingNotOffered":
      if (connector.chunkingEnabled) return undefined;
      return change("-ChunkingEnabled true", "The application uses BDAT unasked.", "BDAT is offered");
    case "unrecognizedParameter":
      return parameterRemedy(about, connector, change);
  }
}

type Change = (parameters: string, text: string, effect: string) => Remedy;

function addressRemedy(
  about: readonly string[],
  { strictAddresses, defaultDomain }: Circumstances["connector"],
  change: Change,
): Remedy | undefined {
  const setting = about.at(-1);
  if (setting === "strictAddresses")
    return strictAddresses
      ? change(
          "-StrictAddresses false",
          "Its addresses are not written as RFC 5321 has them, and strictAddresses is on.",
          "what can be read is taken",
        )
      : undefined;
  if (setting === "defaultDomain")
    return defaultDomain === undefined
      ? change(
          "-DefaultDomain DOMAIN",
          "It gives names without a domain (root, printer).",
          "DOMAIN is put behind them",
        )
      : undefined;
  return noSetting(
    "The address cannot be read whatever is set: the application has to correct it. Event 20043 has it.",
  );
}

const extensions: Readonly<Record<string, readonly [keyof Circumstances["connector"], string]>> = {
  SIZE: ["sizeEnabled", "-SizeEnabled Enabled"],
  BODY: ["eightBitMimeEnabled", "-EightBitMimeEnabled true -BinaryMimeEnabled true"],
  SMTPUTF8: ["smtpUtf8Enabled", "-SmtpUtf8Enabled true"],
  REQUIRETLS: ["requireTlsExtensionEnabled", "-RequireTlsExtensionEnabled true"],
  RET: ["deliveryStatusNotificationEnabled", "-DeliveryStatusNotificationEnabled true"],
  ENVID: ["deliveryStatusNotificationEnabled", "-DeliveryStatusNotificationEnabled true"],
  NOTIFY: ["deliveryStatusNotificationEnabled", "-DeliveryStatusNotificationEnabled true"],
  ORCPT: ["deliveryStatusNotificationEnabled", "-DeliveryStatusNotificationEnabled true"],
};

function parameterRemedy(
  about: readonly string[],
  connector: Circumstances["connector"],
  change: Change,
): Remedy | undefined {
  const keyword = about.at(-1) ?? "";
  const extension = extensions[keyword];
  if (extension === undefined)
    return noSetting(
      `The application gives the parameter ${keyword} unasked, and no setting offers it here.`,
    );
  const [setting, parameters] = extension;
  const value = connector[setting];
  if (value === true && keyword === "REQUIRETLS")
    return noSetting("REQUIRETLS is offered within TLS only: the application has to begin with STARTTLS.");
  if (value === true || value === "Enabled" || value === "EnabledwithoutValue") return undefined;
  return change(
    parameters,
    `The application gives the parameter ${keyword}, which the connector does not offer.`,
    "it is offered",
  );
}
