/** A group of the system by its name. Node asks for none by itself. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

/**
 * The group's number; a number is its own. By `getent`, which knows directories such as LDAP too, else by the file.
 * Rejects when there is no such group. Cost: a process.
 */
export async function groupId(name: string, file = "/etc/group"): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const entries = (await asked(name)) ?? (await readFile(file, "utf8").catch(() => ""));
  const id = groupIn(entries, name);
  if (id === undefined) throw new Error(`there is no group ${name}`);
  return id;
}

/** Of lines in the form of /etc/group. */
export function groupIn(entries: string, name: string): number | undefined {
  const fields = entries
    .split("\n")
    .map((line) => line.split(":"))
    .find(([group]) => group === name);
  return fields?.[2] !== undefined && /^\d+$/.test(fields[2]) ? Number(fields[2]) : undefined;
}

/** Undefined where there is no getent, or it does not know the group. */
function asked(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("getent", ["group", "--", name], { timeout: 5_000 }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}
