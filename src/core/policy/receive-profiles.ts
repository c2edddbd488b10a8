/**
 * What a receive connector's `profile` stands in for, as data: plain settings that the connector does not give itself. Why
 * each, and for which devices: docs/devices.md.
 */
export const profileNames = ["strict", "lenient", "printer", "legacyDevice"] as const;
export type ProfileName = (typeof profileNames)[number];

type ProfileSettings = Readonly<Record<string, string | number | boolean>>;

/** Only what the standards have. */
const strict: ProfileSettings = {
  requireHello: true,
  requireEhloDomain: true,
  strictAddresses: true,
  bareLinefeedRejectionEnabled: true,
  bareCarriageReturnRejectionEnabled: true,
  nulRemovalEnabled: false,
};

/** What applications and scripts do wrong and mean well. */
const lenient: ProfileSettings = {
  requireHello: false,
  requireEhloDomain: false,
  strictAddresses: false,
  bareLinefeedRejectionEnabled: false,
  bareCarriageReturnRejectionEnabled: false,
  nulRemovalEnabled: true,
  maxProtocolErrors: 20,
  addMissingMessageId: true,
  addMissingDate: true,
};

/** Devices that scan and send: slow, impatient with a refusal, and easily confused by what they do not know. */
const printer: ProfileSettings = {
  ...lenient,
  legacyAuthLineEnabled: true,
  tarpitInterval: "0s",
  authTarpitInterval: "1s",
  connectionTimeout: "30m",
  connectionInactivityTimeout: "10m",
  chunkingEnabled: false,
  smtpUtf8Enabled: false,
  requireTlsExtensionEnabled: false,
};

/** The same of twenty years ago. */
const legacyDevice: ProfileSettings = {
  ...printer,
  tlsMinVersion: "TLSv1",
  pipeliningEnabled: false,
  deliveryStatusNotificationEnabled: false,
  enhancedStatusCodesEnabled: false,
};

/** As a file would write them. */
export const receiveProfiles: Readonly<Record<ProfileName, ProfileSettings>> = {
  strict,
  lenient,
  printer,
  legacyDevice,
};
