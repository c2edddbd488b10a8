/** Another wall clock for a relay, by libfaketime: set while it runs, too. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const library = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

/** As libfaketime reads them. */
export const jumps = [
  { what: "a day ahead", to: "+1d" },
  { what: "a day back", to: "-1d" },
  { what: "ten years ahead", to: "+10y" },
  { what: "back to 2020", to: "@2020-01-01 00:00:00" },
] as const;
export const noJump = "+0";

export interface FakeTime {
  /** Of the relay. */
  readonly env: Readonly<Record<string, string>>;
  readonly set: (time: string) => void;
}

/** `monotonicToo`: timers jump as well. */
export function fakeTime(folder: string, monotonicToo = false): FakeTime {
  const file = join(folder, "time");
  return {
    env: {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      ...(monotonicToo ? {} : { FAKETIME_DONT_FAKE_MONOTONIC: "1" }),
    },
    set: (time) => writeFileSync(file, time),
  };
}
