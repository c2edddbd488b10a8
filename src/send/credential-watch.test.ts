import { expect, it, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { smartHostConnector } from "../testing/test-settings.ts";
import { createCredentialWatch } from "./credential-watch.ts";

const day = 86_400_000;

function watched(daysLeft: number, enabled = true) {
  const clock = createFakeClock();
  const told: string[] = [];
  const expiresAt = clock.wall().getTime() + daysLeft * day;
  const connector = smartHostConnector(25, {
    enabled,
    oauth: {
      grant: {
        kind: "clientCredentials",
        clientId: "c",
        credential: { kind: "secret", clientSecret: "s", expiresAt },
      },
      tokenEndpoint: "https://login.test/token",
      scope: "s",
      shown: {},
    },
    tlsClient: {
      tlsCertificateFile: "a",
      tlsKeyFile: "b",
      certificate: "",
      privateKey: "",
      expiresAt: expiresAt + 365 * day,
    },
  });
  const watch = createCredentialWatch(clock, {
    wants: () => true,
    emit: (name, fields) =>
      void told.push(`${name} ${String(fields["credential"])} ${String(fields["days"])}`),
  });
  watch.watch([connector]);
  return { clock, told, watch, connector };
}

test.each<[daysLeft: number, told: string[]]>([
  [31, []],
  [30, ["SendCredentialExpires client secret 30"]],
  [2.5, ["SendCredentialExpires client secret 2"]],
  [0, ["SendCredentialExpired client secret undefined"]],
  [
    -400,
    [
      "SendCredentialExpired client secret undefined",
      "SendCredentialExpired TLS client certificate undefined",
    ],
  ],
])("%d days left", (daysLeft, expected) => {
  expect(watched(daysLeft).told).toEqual(expected);
});

it("is told each day, not with each change of the configuration, and not of what is switched off", async () => {
  const { clock, told, watch, connector } = watched(1.5);
  watch.watch([connector]);
  expect(told).toHaveLength(1);
  await clock.advance(day);
  await clock.advance(day);
  expect(told).toEqual([
    "SendCredentialExpires client secret 1",
    "SendCredentialExpires client secret 0",
    "SendCredentialExpired client secret undefined",
  ]);
  watch.stop();
  await clock.advance(3 * day);
  expect(told).toHaveLength(3);
  expect(watched(1, false).told).toEqual([]);
});
