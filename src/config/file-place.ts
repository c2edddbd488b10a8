/**
 * Where a file of the configuration is: relative to the configuration's folder, or a credential that systemd hands the service
 * (systemd.exec(5), LoadCredential=), written `credential:NAME`.
 */
import { join, resolve } from "node:path";

/** systemd.exec(5): no slash, not `.` or `..`. */
const credential = /^credential:((?!\.{1,2}$)[\w.-]{1,255})$/;

/** Where systemd puts those of `weir.service`, for commands that are run beside it. */
const usualDirectory = "/run/credentials/weir.service";

export function isCredential(file: string): boolean {
  return credential.test(file);
}

/** Absolute. */
export function filePlace(
  file: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const name = credential.exec(file)?.[1];
  if (name === undefined) return resolve(folder, file);
  return join(env["CREDENTIALS_DIRECTORY"] || usualDirectory, name);
}
