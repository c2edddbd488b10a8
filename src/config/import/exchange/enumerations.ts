/**
 * Exchange's enumerations as numbers, which ConvertTo-Json writes. Source: the members' order in Microsoft's
 * reference of Microsoft.Exchange.Data (AuthMechanisms, PermissionGroups, MessageRateSourceFlags, SizeMode,
 * ProtocolLoggingLevel).
 */
interface Enumeration {
  readonly flags?: true;
  /** Of flags: bit by bit, behind the word for none of them. */
  readonly words: readonly string[];
}

const enumerations: Readonly<Record<string, Enumeration>> = {
  authMechanism: {
    flags: true,
    words: [
      "None",
      "Tls",
      "Integrated",
      "BasicAuth",
      "BasicAuthRequireTLS",
      "ExchangeServer",
      "ExternalAuthoritative",
    ],
  },
  permissionGroups: {
    flags: true,
    words: [
      "None",
      "AnonymousUsers",
      "ExchangeUsers",
      "ExchangeServers",
      "ExchangeLegacyServers",
      "Partners",
      "Custom",
    ],
  },
  messageRateSource: { words: ["None", "IPAddress", "User", "All"] },
  protocolLoggingLevel: { words: ["None", "Verbose"] },
  sizeEnabled: { words: ["Disabled", "Enabled", "EnabledwithoutValue"] },
};

/** Undefined where the text is no number, or the enumeration's numbers are not known. */
export function enumerationWords(setting: string, text: string): readonly string[] | undefined {
  const match = /^(\d{1,6})(?:\s*\(0x[0-9a-f]+\))?$/i.exec(text);
  const enumeration = enumerations[setting];
  if (match === null || enumeration === undefined) return undefined;
  const number = Number(match[1]);
  const [none = "None", ...bits] = enumeration.words;
  if (enumeration.flags !== true) {
    const word = enumeration.words[number];
    return word === undefined ? undefined : [word];
  }
  if (number >= 1 << bits.length) return undefined;
  return number === 0 ? [none] : bits.filter((_, bit) => (number & (1 << bit)) !== 0);
}
