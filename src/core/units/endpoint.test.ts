import { expect, test } from "vitest";
import { formatEndpoint, parseEndpoint } from "./endpoint.ts";

test.each([
  ["127.0.0.1:2525", "127.0.0.1", 2525],
  ["0.0.0.0:25", "0.0.0.0", 25],
  ["[::]:25", "::", 25],
  ["[2001:DB8:0::1]:587", "2001:db8::1", 587],
  ["127.0.0.1:0", "127.0.0.1", 0],
])("%s", (text, address, port) => {
  const result = parseEndpoint(text);
  expect(result).toEqual({ ok: true, value: { address, port } });
  if (result.ok) expect(parseEndpoint(formatEndpoint(result.value))).toEqual(result);
});

test.each([
  ["localhost:25", /cannot be a name/],
  ["127.0.0.1", /not address:port/],
  ["::1:25", /not address:port/],
  ["127.0.0.1:70000", /above 65535/],
  [":25", /not address:port/],
  ["[fe80::1%eth0]:25", /not an IP address/],
])("refuses %s", (text, message) => {
  const result = parseEndpoint(text);
  expect(result.ok ? "" : result.message).toMatch(message);
});
