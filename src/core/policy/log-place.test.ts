import { expect, test } from "vitest";
import { parseSyslogPlace, syslogFacilities, usualLogging } from "./log-place.ts";

test.each<[string, object]>([
  [" udp:127.0.0.1:514 ", { transport: "udp", host: "127.0.0.1", port: 514 }],
  ["tcp:loghost.example:601", { transport: "tcp", host: "loghost.example", port: 601 }],
  ["udp:[fd00::1]:65535", { transport: "udp", host: "fd00::1", port: 65_535 }],
  ["tcp:h:1", { transport: "tcp", host: "h", port: 1 }],
  ["unix:/run/syslog-ng.sock", { transport: "unix", path: "/run/syslog-ng.sock" }],
  [`unix:/${"a".repeat(100)}`, { transport: "unix", path: `/${"a".repeat(100)}` }],
])("%s", (text, place) => {
  expect(parseSyslogPlace(text)).toEqual({ ok: true, value: { ...place, text: text.trim() } });
});

test.each([
  "udp:127.0.0.1",
  "udp:h:0",
  "udp:h:65536",
  "udp:[]:514",
  "udp:fd00::1:514",
  "sctp:h:1",
  "unix:run",
  "unix:/",
  `unix:/${"a".repeat(101)}`,
  "",
])("%s is none", (text) => {
  expect(parseSyslogPlace(text)).toMatchObject({
    ok: false,
    message: expect.stringContaining("udp:127.0.0.1:514"),
  });
});

test("facilities have the numbers of RFC 5424, and mail is the usual one", () => {
  expect(syslogFacilities).toEqual({
    mail: 2,
    daemon: 3,
    ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`local${n}`, 16 + n])),
  });
  expect(usualLogging).toEqual({
    syslog: undefined,
    syslogFacility: "mail",
    format: "auto",
    messageLines: false,
  });
});
