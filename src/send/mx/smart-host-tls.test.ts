import { expect, test } from "vitest";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { tlsBySettings } from "../delivery/smtp/opening/open-connection.ts";
import { smartHostTls } from "./smart-host-tls.ts";

test.each([
  ["without daneEnabled", false, "mx.test"],
  ["for an address, which has no records", true, "192.0.2.1"],
  ["for an address of IPv6", true, "2001:db8::1"],
])("DNS is not asked %s", async (_, daneEnabled, name) => {
  const connector = { ...smartHostConnector(25), daneEnabled };
  const asked: string[] = [];
  const resolver = {
    lookUp: (about: string) => {
      asked.push(about);
      return Promise.reject(new Error("nobody answers"));
    },
  };
  const found = await smartHostTls(connector, { name, port: 25 }, resolver as never);
  expect(found).toEqual(tlsBySettings(connector, name));
  expect(asked).toEqual([]);
});
