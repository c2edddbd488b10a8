import { expect, test } from "vitest";
import { receiveProfiles } from "./receive-profiles.ts";

/** As docs/devices.md has them. */
const lenient = {
  requireHello: false,
  requireEhloDomain: false,
  strictAddresses: false,
  bareLinefeedRejectionEnabled: false,
  bareCarriageReturnRejectionEnabled: false,
  nulRemovalEnabled: true,
};
const more = { maxProtocolErrors: 20, addMissingMessageId: true, addMissingDate: true };
const printer = {
  ...lenient,
  ...more,
  legacyAuthLineEnabled: true,
  tarpitInterval: "0s",
  authTarpitInterval: "1s",
  connectionTimeout: "30m",
  connectionInactivityTimeout: "10m",
  chunkingEnabled: false,
  smtpUtf8Enabled: false,
  requireTlsExtensionEnabled: false,
};

test("what a profile stands in for", () => {
  expect(receiveProfiles).toEqual({
    // The opposite, each of them.
    strict: Object.fromEntries(Object.entries(lenient).map(([name, value]) => [name, !value])),
    lenient: { ...lenient, ...more },
    printer,
    legacyDevice: {
      ...printer,
      tlsMinVersion: "TLSv1",
      pipeliningEnabled: false,
      deliveryStatusNotificationEnabled: false,
      enhancedStatusCodesEnabled: false,
    },
  });
});
