import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { freePort } from "./free-port.ts";

test.runIf(process.platform === "linux")(
  "a port is given once, to this process and to no other, and the kernel gives it to nobody",
  async () => {
    const given = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    expect(new Set(given).size).toBe(20);
    const [lowest = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1")
      .split(/\s+/)
      .map(Number);
    expect(given.filter((port) => port >= lowest)).toEqual([]);

    // Another process that begins to look where the first of these was found.
    const length = lowest - 22_000;
    const pid = Array.from({ length }, (_, at) => at).find(
      (at) => (at * 97) % length === (given[0] ?? 0) - 22_000,
    );
    const program = `
      Object.defineProperty(process, "pid", { value: ${pid} });
      const { freePort } = await import(${JSON.stringify(new URL("free-port.ts", import.meta.url).href)});
      console.log(JSON.stringify(await Promise.all(Array.from({ length: 40 }, () => freePort()))));`;
    const others = await new Promise<string>((resolve, reject) =>
      execFile(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", program],
        (error, stdout) => (error ? reject(error) : resolve(stdout)),
      ),
    );
    expect((JSON.parse(others) as number[]).filter((port) => given.includes(port))).toEqual([]);
  },
);
