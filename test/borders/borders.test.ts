/** The border check itself: what it must let through and what it must catch. */
import { expect, test } from "vitest";
import { violation } from "../../scripts/check-borders.ts";
import { circlesIn } from "../../scripts/import-circles.ts";

test.each([
  ["core/smtp/command.ts", "./address.ts"],
  ["core/policy/receive-connector.ts", "../units/ip-range.ts"],
  ["core/smtp/command.test.ts", "vitest"],
  ["receive/session/mail.ts", "../../core/smtp/reply.ts"],
  ["receive/session/data.ts", "../../spool/spool.ts"],
  ["receive/session/data.ts", "node:buffer"],
  ["receive/session/mail.test.ts", "../../testing/fake-clock.ts"],
  ["relay.ts", "./config/settings.ts"],
  ["relay.ts", "./receive/connection/listener.ts"],
  ["cli/start.ts", "../config/parse.ts"],
  ["spool/lmdb-spool.ts", "lmdb"],
  ["spool/flow/claims.ts", "../messages/live-message.ts"],
  ["spool/lmdb-spool.ts", "./flow/claims.ts"],
  ["cluster/postgres-spool.ts", "pg"],
  ["send/delivery/smtp/pool/dialler.ts", "../wire/timeouts.ts"],
  ["send/delivery/smtp/smtp-carrier.ts", "./pool/connection-pool.ts"],
])("%s may import %s", (file, specifier) => {
  expect(violation(file, specifier)).toBeUndefined();
});

test.each([
  ["core/smtp/command.ts", "node:fs", "pure"],
  ["core/smtp/command.ts", "lru-cache", "pure"],
  ["core/policy/tarpit.ts", "../../ports/ports.ts", "must not import ports"],
  ["receive/session/mail.ts", "../../send/routing/route.ts", "must not import send"],
  ["receive/session/mail.ts", "../../config/settings.ts", "must not import config"],
  ["send/routing/route.ts", "../../receive/session/mail.ts", "must not import receive"],
  ["send/routing/route.ts", "../../config/settings.ts", "must not import config"],
  ["spool/lmdb-spool.ts", "../receive/session/mail.ts", "must not import receive"],
  ["spool/messages/record.ts", "../flow/claims.ts", "must not import spool/flow"],
  ["spool/inspection/list-queue.ts", "../flow/claims.ts", "must not import spool/flow"],
  ["spool/store/journal.ts", "../lmdb-spool.ts", "must not import spool/lmdb-spool.ts"],
  ["send/delivery/smtp/wire/dialog.ts", "../peer/peer.ts", "must not import send/delivery/smtp/peer"],
  ["relay.ts", "./config/parse.ts", "settings.ts only"],
  ["relay.ts", "./cli/start.ts", "must not import cli"],
  ["cli/start.ts", "../testing/recording-sink.ts", "only tests"],
  ["send/delivery/pool.ts", "pg", "only cluster"],
  ["receive/session/mail.ts", "lmdb", "only spool"],
  ["relay.ts", "../test/dialogs/dialog.ts", "outside src"],
  ["novelty/a.ts", "../core/smtp/reply.ts", "no line"],
])("%s may not import %s", (file, specifier, because) => {
  expect(violation(file, specifier)).toContain(because);
});

test.each<[string, Record<string, string[]>, string[][]]>([
  ["a tree", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, []],
  ["two files", { a: ["b"], b: ["a"] }, [["a", "b"]]],
  ["three, entered from outside", { a: ["b"], b: ["c"], c: ["d"], d: ["b"] }, [["b", "c", "d"]]],
  [
    "two circles",
    { a: ["b"], b: ["a", "c"], c: ["d"], d: ["c"] },
    [
      ["c", "d"],
      ["a", "b"],
    ],
  ],
  ["itself", { a: ["a"] }, [["a"]]],
  ["what is elsewhere does not count", { a: ["x"] }, []],
])("circles of %s", (_name, imports, circles) => {
  expect(circlesIn(new Map(Object.entries(imports)))).toEqual(circles);
});
