import { expect, test } from "vitest";
import { parseNameServer, parseResolverFile } from "./name-server.ts";

test.each([
  ["9.9.9.9", { address: "9.9.9.9", port: 53, trusted: false }],
  ["127.0.0.53", { address: "127.0.0.53", port: 53, trusted: true }],
  ["127.0.0.1:5353", { address: "127.0.0.1", port: 5353, trusted: true }],
  ["::1", { address: "::1", port: 53, trusted: true }],
  ["0:0::1", { address: "0:0::1", port: 53, trusted: true }],
  ["[::1]:5300", { address: "::1", port: 5300, trusted: true }],
  ["2620:fe::fe", { address: "2620:fe::fe", port: 53, trusted: false }],
  ["fe80::1%eth0", { address: "fe80::1%eth0", port: 53, trusted: false }],
])("%s", (text, server) => {
  expect(parseNameServer(text)).toEqual(server);
});

test.each(["", "dns.contoso.com", "10.0.0.1:0", "10.0.0.1:70000", "[::1", "10.0.0.1:x", "10.0.0"])(
  "%j is no server's address",
  (text) => {
    expect(parseNameServer(text)).toBeUndefined();
  },
);

test("a server elsewhere is trusted when somebody says so", () => {
  expect(parseNameServer("10.0.0.2", true)).toMatchObject({ trusted: true });
});

test.each([
  ["", { servers: [], search: [], dots: 1 }],
  [
    "# made by a tool\nnameserver 10.0.0.2\nnameserver 10.0.0.3 # second\nsearch contoso.com eu.contoso.com\noptions ndots:5 timeout:1\n",
    { servers: ["10.0.0.2", "10.0.0.3"], search: ["contoso.com", "eu.contoso.com"], dots: 5 },
  ],
  [
    "nameserver 1.1.1.1\r\nnameserver 2.2.2.2\r\nnameserver 3.3.3.3\r\nnameserver 4.4.4.4\r\n",
    { servers: ["1.1.1.1", "2.2.2.2", "3.3.3.3"], search: [], dots: 1 },
  ],
  [
    "domain a.test\nsearch b.test\noptions ndots:99\nnameserver\n",
    { servers: [], search: ["b.test"], dots: 15 },
  ],
])("resolv.conf %j", (text, file) => {
  expect(parseResolverFile(text)).toEqual(file);
});
