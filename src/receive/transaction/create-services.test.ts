/** Whose mail it is stands in the record, as it was when the message came in. */
import { expect, test } from "vitest";
import type { Application } from "../../core/policy/application.ts";
import { ipRange } from "../../core/units/ip-range.ts";
import { createTestSubmissions } from "../../testing/test-submissions.ts";

const erp: Application = { name: "ERP", addresses: [ipRange("127.0.0.0/8")], users: [] };
const helpdesk: Application = { name: "Helpdesk", addresses: [], users: ["desk"] };

test.each<[string, readonly Application[], string | undefined, string | undefined]>([
  ["nobody named applications", [], undefined, undefined],
  ["by its address", [erp, helpdesk], undefined, "ERP"],
  ["by its account", [erp, helpdesk], "desk", "Helpdesk"],
  ["none", [helpdesk], undefined, ""],
])("%s", async (_why, applications, user, name) => {
  const { submissions, submitter } = createTestSubmissions({}, {}, applications);
  const envelope = {
    mailFrom: "a@s.test",
    recipients: [{ address: "b@d.test" }],
    body: "8BITMIME",
  } as const;
  // The first as nobody: what is remembered of a client does not outlive its log-on.
  for (const as of [undefined, user]) {
    submitter.authenticatedUser = as;
    const outcome = await submissions.submit(submitter, envelope, [Buffer.from("X: y\r\n\r\nx\r\n")]);
    if (as !== user) continue;
    expect(outcome.kind === "kept" && outcome.message.origin.application).toBe(name);
  }
});
