import { describe, expect, test } from "vitest";
import { readIpList } from "./ip-list.ts";

interface Group {
  readonly family?: number;
  readonly size?: number;
  readonly mask: string;
  readonly addresses: readonly string[];
}

const octetsOf = (address: string): number[] => address.split(".").map(Number);
const number = (value: number): number[] =>
  [value, value >>> 8, value >>> 16, value >>> 24].map((octet) => octet & 255);

interface Shape {
  readonly denied?: readonly Group[];
  readonly granted?: readonly Group[];
  readonly total?: number;
  readonly names?: number;
  readonly groups?: number;
}

/** The octets that IIS would write. */
function hex({ denied = [], granted = [], total, names = 0, groups }: Shape): string {
  const head = 24;
  const lists: number[][] = [];
  const at: number[] = [];
  let next = head;
  for (const list of [denied, granted]) {
    at.push(next);
    let data = next + 8 + list.length * 20;
    const octets = [
      ...number(groups ?? list.length),
      ...number(total ?? list.reduce((sum, { addresses }) => sum + addresses.length, 0)),
    ];
    const entries: number[] = [];
    for (const { family = 2, size = 4, mask, addresses } of list) {
      octets.push(...[family, addresses.length + 1, size, 0, data + 0x8000_0000].flatMap(number));
      const group = [mask, ...addresses].flatMap(octetsOf);
      entries.push(...group);
      data += group.length;
    }
    lists.push([...octets, ...entries]);
    next = data;
  }
  const end = next;
  const offsets = [...at, end, end].flatMap((offset) => number(offset + 0x8000_0000));
  const all = [...offsets, ...number(0), ...number(head), ...lists.flat(), ...number(names), ...number(0)];
  return Buffer.from(all).toString("hex");
}

const hosts: Group = { mask: "255.255.255.255", addresses: ["192.0.2.1", "192.0.2.2"] };
const networks: Group = { mask: "255.255.255.0", addresses: ["10.1.2.0"] };

test.each<[string, string, { granted: string[]; denied: string[] }]>([
  ["nothing", " ", { granted: [], denied: [] }],
  ["empty lists", hex({}), { granted: [], denied: [] }],
  ["hosts", hex({ granted: [hosts] }), { granted: ["192.0.2.1", "192.0.2.2"], denied: [] }],
  [
    "hosts and networks",
    hex({ granted: [hosts, networks] }),
    { granted: ["192.0.2.1", "192.0.2.2", "10.1.2.0/24"], denied: [] },
  ],
  [
    "both lists",
    hex({ granted: [hosts], denied: [networks] }),
    { granted: ["192.0.2.1", "192.0.2.2"], denied: ["10.1.2.0/24"] },
  ],
  [
    "broken over lines, in capitals",
    hex({ denied: [networks] })
      .toUpperCase()
      .replace(/(.{40})/g, "$1\n\t"),
    { granted: [], denied: ["10.1.2.0/24"] },
  ],
  [
    "32 groups",
    hex({ granted: Array.from({ length: 32 }, () => networks) }),
    { granted: Array<string>(32).fill("10.1.2.0/24"), denied: [] },
  ],
])("%s", (_, text, value) => {
  expect(readIpList(text)).toEqual({ ok: true, value });
});

describe("what is not of that form is refused", () => {
  test.each<[string, string]>([
    ["no octets", "xyz"],
    ["half an octet", `${hex({ granted: [hosts] })}a`],
    ["too short", hex({ granted: [hosts] }).slice(0, 100)],
    ["an offset without its mark", hex({}).replace(/^18000080/, "18000000")],
    ["another family", hex({ granted: [{ ...hosts, family: 23 }] })],
    ["another size", hex({ granted: [{ ...hosts, size: 16 }] })],
    ["another number of addresses", hex({ granted: [hosts], total: 3 })],
    ["fewer addresses", hex({ granted: [hosts], total: 1 })],
    ["no netmask", hex({ granted: [{ ...networks, mask: "255.0.255.0" }] })],
    ["names", hex({ granted: [hosts], names: 1 })],
    ["33 groups", hex({ granted: Array.from({ length: 33 }, () => networks) })],
    ["more addresses than anybody has", hex({ total: 100_001 })],
    ["groups without end", hex({ groups: 0xffff_ffff })],
  ])("%s", (_, text) => {
    expect(readIpList(text)).toMatchObject({ ok: false });
  });
});
