import { expect, test } from "vitest";
import { parseEndpoint } from "../../core/units/endpoint.ts";
import { flushFinding, mountFinding } from "./checks/disk.ts";
import { endFinding } from "./checks/expiry.ts";
import { absentEndpoints, closedEndpoints } from "./checks/network.ts";
import { descriptorFinding, nodeFinding } from "./checks/system.ts";
import { mountOf } from "../../ports/mount.ts";

const table = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 0:25 / /run rw,nosuid - tmpfs tmpfs rw,size=1024k
31 22 8:17 / /var/lib/weir\\040mail rw,noatime - xfs /dev/sdb1 rw,nobarrier
32 22 0:40 / /srv/mail rw - nfs4 nas:/mail rw,vers=4.2
33 22 8:2 / /backup ro - ext4 /dev/sda2 ro
`;

test.each([
  ["/var/lib/weir", "good", "mountFine"],
  ["/run/weir", "bad", "mountInMemory"],
  ["/var/lib/weir mail/data", "bad", "mountWithoutBarriers"],
  ["/srv/mail", "warning", "mountShared"],
  ["/backup/weir", "bad", "mountReadOnly"],
])("the mount of %s is %s: %s", (path, level, code) => {
  const finding = mountFinding(path, mountOf(path, table)!);
  expect(finding).toMatchObject({ level, code });
  expect(finding.advice === undefined).toBe(level === "good");
});
test("a layer of a container is none to keep mail in", () => {
  const overlay = { point: "/", type: "overlay", options: ["rw"], device: "0:1" };
  expect(mountFinding("/data", overlay)).toMatchObject({ level: "bad", code: "mountInContainer" });
});

test.each([
  [0.001, false, "flushTooQuick"],
  [0.05, false, "flushFine"],
  [0.05, true, "flushTooQuick"],
  [12, false, "flushFine"],
  [400, false, "flushSlow"],
])("a flush of %s ms, eatmydata %s: %s", (ms, isPreloaded, code) => {
  expect(flushFinding("flush", ms, isPreloaded, "x").code).toBe(code);
});

test.each([
  ["18.20.0", "2026-01-01", "bad", "nodeTooOld"],
  ["20.20.2", "2026-01-01", "good", "nodeFine"],
  ["20.20.2", "2026-11-29", "warning", "nodeEnded"],
  ["23.1.0", "2026-01-01", "warning", "nodeOdd"],
  ["24.0.0", "2026-11-29", "good", "nodeFine"],
  ["40.0.0", "2026-11-29", "good", "nodeFine"],
])("Node %s on %s: %s, %s", (version, day, level, code) => {
  expect(nodeFinding(version, new Date(day))).toMatchObject({ level, code });
});

test.each([
  [20_000, 5_512, "good"],
  [4_096, 5_512, "note"],
  [256, 5_512, "warning"],
])("%s descriptors where %s may be wanted: %s", (soft, wanted, level) => {
  expect(descriptorFinding(soft, wanted, true).level).toBe(level);
});

test.each([
  ["2026-11-28", "bad", "ended"],
  ["2026-12-10", "warning", "endsSoon"],
  ["2027-11-28", "good", "holds"],
])("what ends on %s: %s, %s", (until, level, code) => {
  const options = { warningMs: 21 * 86_400_000, advice: "renew it" };
  expect(
    endFinding("certificate", "x", Date.parse(until), new Date("2026-11-29T00:00Z"), options),
  ).toMatchObject({
    level,
    code,
  });
});

test.each([
  ["127.0.0.1:25", "SMTP", ["127.0.0.1:25"], true],
  ["127.0.0.1:25", "SMTP", ["0.0.0.0:25"], true],
  ["[::1]:25", "SMTP", ["0.0.0.0:25"], false],
  ["[2001:db8::1]:25", "SMTP", ["[::]:25"], true],
  ["127.0.0.1:80", "HTTP", ["127.0.0.1:80"], false],
  ["127.0.0.1:80", "HTTP", ["127.0.0.1:25", "0.0.0.0:80 (HTTP)"], true],
  ["127.0.0.1:0", "SMTP", [], true],
] as const)("%s (%s) is served by %j: %s", (text, door, listeners, isServed) => {
  const read = parseEndpoint(text);
  if (!read.ok) throw new Error(read.message);
  expect(closedEndpoints([{ ...read.value, door }], listeners)).toHaveLength(isServed ? 0 : 1);
});

test.each([
  ["0.0.0.0", true],
  ["::", true],
  ["127.0.0.5", true],
  ["10.1.0.5", true],
  ["2001:db8::1", true],
  ["10.99.99.99", false],
  ["2001:db8::2", false],
])("%s is an address of this machine: %s", (address, isHere) => {
  const here = new Set(["127.0.0.1", "10.1.0.5", "2001:db8::1"]);
  expect(absentEndpoints([{ address }], here)).toHaveLength(isHere ? 0 : 1);
});
