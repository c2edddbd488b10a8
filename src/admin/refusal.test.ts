import { expect, test } from "vitest";
import { DatabaseFault } from "../ports/database-fault.ts";
import { FileFault } from "../ports/file-fault.ts";
import { SpoolError } from "../spool/spool.ts";
import { storeRefusal, statusOf } from "./refusal.ts";

test.each([
  [new FileFault("full", "FILE cannot be written: the file system at / is full"), "diskFull", 507],
  [new FileFault("failed", "FILE cannot be written: EACCES"), "diskFault", 500],
  [new SpoolError("full", "the spool SPOOL cannot be written"), "diskFull", 507],
  [new SpoolError("failed", "the spool SPOOL cannot be written"), "diskFault", 500],
])("%s is told as %s", (fault, code, status) => {
  const refusal = storeRefusal(fault);
  expect(refusal?.code).toBe(code);
  expect(refusal?.message.startsWith(`${fault.message}; `)).toBe(true);
  expect(refusal && statusOf[refusal.code]).toBe(status);
});

test.each([
  [new DatabaseFault("unreachable", "no database: db1:5432: connect ECONNREFUSED"), "try again when it does"],
  [
    new DatabaseFault("lost", "Connection terminated"),
    "it may be done all the same: look before you try again",
  ],
  [new SpoolError("away", "the database is away"), "try again when it does"],
  [new SpoolError("undecided", "it went away"), "it may be done all the same: look before you try again"],
])("%s is told as a database that is away", (fault, then) => {
  const refusal = storeRefusal(fault);
  expect(refusal?.code).toBe("databaseAway");
  expect(refusal?.message).toBe(`the database does not answer: ${fault.message}; ${then}`);
});

test.each([
  new Error("a bug"),
  new TypeError("x is undefined"),
  new SpoolError("closed", "the spool is closed"),
  new DatabaseFault("refused", "permission denied for table node", "42501"),
])("%s is a fault in the relay", (fault) => {
  expect(storeRefusal(fault)).toBeUndefined();
});
