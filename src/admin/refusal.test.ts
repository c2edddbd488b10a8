import { expect, test } from "vitest";
import { FileFault } from "../ports/file-fault.ts";
import { SpoolError } from "../spool/spool.ts";
import { diskRefusal, statusOf } from "./refusal.ts";

test.each([
  [new FileFault("full", "FILE cannot be written: the file system at / is full"), "diskFull", 507],
  [new FileFault("failed", "FILE cannot be written: EACCES"), "diskFault", 500],
  [new SpoolError("full", "the spool SPOOL cannot be written"), "diskFull", 507],
  [new SpoolError("failed", "the spool SPOOL cannot be written"), "diskFault", 500],
])("%s is told as %s", (fault, code, status) => {
  const refusal = diskRefusal(fault);
  expect(refusal?.code).toBe(code);
  expect(refusal?.message.startsWith(`${fault.message}; `)).toBe(true);
  expect(refusal && statusOf[refusal.code]).toBe(status);
});

test.each([
  new Error("a bug"),
  new TypeError("x is undefined"),
  new SpoolError("closed", "the spool is closed"),
])("%s is none of the disk's", (fault) => {
  expect(diskRefusal(fault)).toBeUndefined();
});
