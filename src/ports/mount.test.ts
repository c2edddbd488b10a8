import { expect, test } from "vitest";
import { mountOf, whyPassing } from "./mount.ts";

const mountinfo = `22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/a
23 22 0:22 / /proc rw - proc proc rw
24 22 8:1 /vol /data rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
25 24 0:30 / /data/tmp\\040place rw - tmpfs tmpfs rw
26 22 8:1 /x /database rw - xfs /dev/sdb rw
27 22 0:31 / /data rw - btrfs /dev/sdc rw
`;

test.each([
  ["/data", { point: "/data", type: "btrfs", device: "0:31", options: ["rw"] }],
  ["/data/spool", { point: "/data", type: "btrfs" }],
  ["/data/tmp place/x", { point: "/data/tmp place", type: "tmpfs" }],
  ["/database", { point: "/database", type: "xfs" }],
  ["/srv/weir", { point: "/", type: "overlay", options: ["rw", "relatime", "lowerdir=/a"] }],
  ["/databases", { point: "/", type: "overlay" }],
])("%s lies on %j", (path, mount) => {
  expect(mountOf(path, mountinfo)).toMatchObject(mount);
});

test.each([
  ["overlay", "/", true, /part of the container/],
  ["overlay", "/data", false, /part of the container/],
  ["tmpfs", "/data", false, /in memory/],
  ["ext4", "/", true, /part of the container/],
  ["ext4", "/", false, undefined],
  ["ext4", "/data", true, undefined],
  ["nfs4", "/data", true, undefined],
])("%s at %s, in a container: %s", (type, point, inContainer, reason) => {
  const told = whyPassing({ type, point }, inContainer);
  if (reason === undefined) expect(told).toBeUndefined();
  else expect(told).toMatch(reason);
});

test("no table, no mount", () => expect(mountOf("/x", "")).toBeUndefined());
