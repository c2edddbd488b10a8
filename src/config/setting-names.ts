/** Names of settings: other accepted spellings, and what a misspelt one probably meant. */

/** Documented other spellings, by themselves. */
export const aliases: ReadonlyMap<string, string> = new Map([
  ["remoteIPRanges", "remoteIpRanges"],
  ["requireTLS", "requireTls"],
  ["requireEHLODomain", "requireEhloDomain"],
  ["smtpUTF8Enabled", "smtpUtf8Enabled"],
  ["requireTLSExtensionEnabled", "requireTlsExtensionEnabled"],
  ["binaryMIMEEnabled", "binaryMimeEnabled"],
  ["ignoreSTARTTLS", "ignoreStartTls"],
  ["forceHELO", "forceHelo"],
  ["sourceIPAddress", "sourceIpAddress"],
]);

/**
 * The one spelling used from here on; a name that is no alias is returned as it is. Exchange itself spells one
 * setting differently on its two kinds of connector: `section` (the top-level name) tells which is meant.
 */
export function canonicalName(name: string, section: string): string {
  if (name === "connectionInactivityTimeout" || name === "connectionInactivityTimeOut") {
    return section === "sendConnectors" ? "connectionInactivityTimeOut" : "connectionInactivityTimeout";
  }
  return aliases.get(name) ?? name;
}
