/** What MAIL and RCPT decide, by whichever door: the reply, and what the event tells of the reason. */
import { describe, expect, test } from "vitest";
import type { PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { RightsOwner } from "../../core/policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Rights } from "../../core/policy/relay-permission.ts";
import { createTestSubmissions, type TestSubmissions } from "../../testing/test-submissions.ts";
import type { SubmittedEnvelope } from "../submission/submission.ts";
import type { SubmittingClient } from "../submission/submissions.ts";
import type { TransactionServices } from "./services.ts";

const content = [Buffer.from("X: y\r\n\r\nz\r\n")];
const envelope: SubmittedEnvelope = {
  mailFrom: "a@s.test",
  recipients: [{ address: "b@d.test" }],
  body: "8BITMIME",
};

const rights: Rights = {
  submit: true,
  acceptAnyRecipient: true,
  acceptAnySender: true,
  bypassMessageSizeLimit: false,
};

interface Given {
  readonly connector?: Partial<ReceiveConnectorSettings>;
  readonly services?: Partial<TransactionServices>;
  readonly client?: Partial<SubmittingClient>;
  readonly envelope?: Partial<SubmittedEnvelope>;
}

function submitterOf(it: TestSubmissions, client: Partial<SubmittingClient> = {}) {
  const { connector, peer } = it.submitter;
  return it.submissions.submitter({
    door: "HTTP",
    connector,
    peer,
    receivedProtocol: "HTTP",
    ...client,
  });
}

async function handedIn({ connector, services, client, envelope: given }: Given) {
  const it = createTestSubmissions(connector, services);
  const outcome = await it.submissions.submit(submitterOf(it, client), { ...envelope, ...given }, content);
  const [event] = it.events;
  return {
    it,
    refusal: outcome.kind === "kept" ? undefined : outcome.refusals[0]?.reply.told,
    fields: event?.fields,
    message: outcome.kind === "kept" ? outcome.message : undefined,
  };
}

describe("a sender", () => {
  test.each<[string, string, string]>([
    ["a plain address", "a@s.test", "a@s.test"],
    ["in brackets", "<a@s.test>", "a@s.test"],
    ["nobody", "", ""],
    ["nobody, in brackets", "<>", ""],
  ])("%s is taken", async (_, mailFrom, reversePath) => {
    const { message } = await handedIn({ envelope: { mailFrom } });
    expect(message?.envelope.reversePath).toBe(reversePath);
  });

  test.each<[string, Given, string, object]>([
    [
      "that is too long",
      { envelope: { mailFrom: `${"x".repeat(3_000)}@s.test` } },
      "addressTooLong",
      { command: "MAIL" },
    ],
    [
      "with something behind it",
      { envelope: { mailFrom: "<a@s.test> x" } },
      "invalidSender",
      { command: "MAIL" },
    ],
    [
      "without a domain",
      { envelope: { mailFrom: "a" } },
      "invalidSender",
      { about: "defaultDomain", command: "MAIL" },
    ],
    [
      "that is not as the RFC has it",
      { connector: { strictAddresses: true }, envelope: { mailFrom: "a..b@s.test" } },
      "invalidSender",
      { about: "strictAddresses", command: "MAIL" },
    ],
    [
      "of a client that did not log on",
      { connector: { permissionGroups: ["ExchangeUsers"] } },
      "notAuthenticated",
      {
        detail: expect.stringContaining("(ExchangeUsers) has no AnonymousUsers") as string,
        sender: "a@s.test",
      },
    ],
    [
      "of nobody at all",
      { connector: { permissionGroups: ["None"] } },
      "notAuthenticated",
      { detail: expect.stringContaining("(None) has no AnonymousUsers") as string },
    ],
    [
      "of an account that may not send",
      { client: { user: "app", rights: { ...rights, submit: false } } },
      "notAuthenticated",
      { detail: "permissionGroups (AnonymousUsers) has no ExchangeUsers" },
    ],
  ])("%s is refused", async (_, given, kind, expected) => {
    const { refusal, fields } = await handedIn(given);
    expect(refusal?.kind).toBe(kind);
    expect(fields).toMatchObject(expected);
  });

  test.each(["a@s.test", "<a@s.test>"])(
    "%s is as the RFC has it: this door has no brackets to leave out",
    async (mailFrom) => {
      const { message } = await handedIn({
        connector: { strictAddresses: true },
        envelope: { mailFrom, recipients: [{ address: "b@d.test" }, { address: "<c@d.test>" }] },
      });
      expect(message?.envelope.recipients).toHaveLength(2);
    },
  );

  test("gets the connector's domain where it has none", async () => {
    const { message } = await handedIn({
      connector: { defaultDomain: "own.test" },
      envelope: { mailFrom: "a", recipients: [{ address: "b" }] },
    });
    expect(message?.envelope).toMatchObject({
      reversePath: "a@own.test",
      recipients: [{ forwardPath: "b@own.test" }],
    });
  });
});

describe("what it announces", () => {
  test.each<[number | undefined, boolean, string | undefined]>([
    [undefined, false, undefined],
    [1_000, false, undefined],
    [1_001, false, "declaredTooLarge"],
    [1_001, true, undefined],
  ])("of %s octets, limit aside: %s, is refused as %s", async (sizeBytes, bypass, kind) => {
    const { refusal } = await handedIn({
      connector: { maxMessageSize: 1_000 },
      client: bypass ? { rights: { ...rights, bypassMessageSizeLimit: true } } : {},
      envelope: { sizeBytes },
    });
    expect(refusal?.kind).toBe(kind);
    if (kind !== undefined) expect(refusal).toMatchObject({ configured: 1_000, seen: 1_001 });
  });

  test.each<[number, boolean]>([
    [1_000, false],
    [1_001, true],
  ])("of %i octets meets a limit that is only looked at: %s", async (sizeBytes, isMet) => {
    const told: unknown[] = [];
    const { message } = await handedIn({
      connector: { maxMessageSize: 1_000, reportOnly: ["maxMessageSize"] },
      services: { wouldRefuse: (_, what, isRefused) => void told.push([what.refused, what.seen, isRefused]) },
      envelope: { sizeBytes },
    });
    expect([message !== undefined, told]).toEqual([true, isMet ? [["declaredTooLarge", 1_001, false]] : []]);
  });
});

describe("before a sender is taken", () => {
  test.each<[string, Partial<TransactionServices>, string]>([
    ["the service is suspended", { isSuspended: () => true }, "serviceSuspended"],
    [
      "a rate says no later",
      { refuseMessage: () => Promise.resolve({ refused: "messageRate" }) },
      "messageRate",
    ],
    ["a rate says no at once", { refuseMessage: () => ({ refused: "messageRate" }) }, "messageRate"],
  ])("%s", async (_, services, kind) => {
    const { refusal, it } = await handedIn({ services });
    expect([refusal?.kind, it.spool.size]).toEqual([kind, 0]);
  });

  test("a rate that says yes later lets it pass", async () => {
    const { message } = await handedIn({ services: { refuseMessage: () => Promise.resolve(undefined) } });
    expect(message).toBeDefined();
  });

  test.each<[string, object, string, string]>([
    ["the store is away", { away: "no database" }, "databaseAway", "no database"],
    [
      "the directory is another one",
      { misplaced: "moved" },
      "localError",
      "the data directory is not where it was",
    ],
  ])("%s", async (_, more, kind, detail) => {
    const plain = createTestSubmissions();
    const spool = Object.assign(Object.create(plain.spool) as TestSubmissions["spool"], more);
    const { refusal, fields } = await handedIn({ services: { spool } });
    expect([refusal?.kind, fields?.["detail"], fields?.["sender"]]).toEqual([kind, detail, "a@s.test"]);
  });

  const pressed = (refuse: PressureVerdict["refuse"], mailTarpitMs = 0): PressureVerdict => ({
    level: "High",
    resources: [],
    mailTarpitMs,
    refuse,
  });
  const known: Partial<SubmittingClient> = { user: "app", rights };
  const exchange: Partial<SubmittingClient> = { rights: { ...rights, bypassMessageSizeLimit: true } };
  test.each<[string, PressureVerdict["refuse"], Partial<SubmittingClient>, boolean]>([
    ["nobody", "nobody", {}, true],
    ["who is anonymous", "anonymous", {}, false],
    ["who is anonymous: not an account", "anonymous", known, true],
    ["who is anonymous: not an Exchange server", "anonymous", exchange, true],
    ["everyone: an account too", "everyone", known, false],
  ])("short of a resource it refuses %s", async (_, refuse, client, isTaken) => {
    const { message, fields } = await handedIn({ services: { pressure: () => pressed(refuse) }, client });
    expect(message !== undefined).toBe(isTaken);
    if (!isTaken) expect(fields?.["sender"]).toBe("a@s.test");
  });

  test("short of a resource strangers wait, by doors without a conversation as well; accounts do not", async () => {
    const it = createTestSubmissions({}, { pressure: () => pressed("nobody", 5_000) });
    const submit = (client: Partial<SubmittingClient>) =>
      it.submissions.submit(submitterOf(it, client), envelope, content);
    expect((await submit(known)).kind).toBe("kept");
    let isAnswered = false;
    const waiting = submit({}).then((outcome) => ((isAnswered = true), outcome));
    await it.clock.advance(4_999);
    expect([isAnswered, it.spool.size]).toEqual([false, 1]);
    await it.clock.advance(1);
    expect((await waiting).kind).toBe("kept");
  });
});

describe("a recipient", () => {
  const to = (...addresses: string[]) => ({ recipients: addresses.map((address) => ({ address })) });
  test.each<[string, Given, string | undefined, object?]>([
    [
      "of another domain",
      { connector: { anonymousRelay: false } },
      "unableToRelay",
      { about: "d.test", detail: "d.test is no accepted domain, and anonymousRelay is off" },
    ],
    [
      "of another domain, where nobody is anonymous",
      {
        connector: { permissionGroups: ["ExchangeUsers"], anonymousRelay: false },
        client: { rights: { ...rights, acceptAnyRecipient: false } },
      },
      "unableToRelay",
      { detail: "d.test is no accepted domain, and the client did not log on" },
    ],
    [
      "of another domain, for an account",
      {
        connector: { anonymousRelay: false },
        client: { user: "app", rights: { ...rights, acceptAnyRecipient: false } },
      },
      "unableToRelay",
      { detail: "d.test is no accepted domain, and the account may not relay" },
    ],
    ["whose domain is none", { envelope: to("b@d..test") }, "invalidRecipient", {}],
    [
      "without a domain",
      { envelope: to("b") },
      "invalidRecipient",
      { about: "defaultDomain", command: "RCPT" },
    ],
    [
      "that is too long",
      { envelope: to(`${"x".repeat(3_000)}@d.test`) },
      "addressTooLong",
      { command: "RCPT" },
    ],
    [
      "that is not as the RFC has it",
      { connector: { strictAddresses: true }, envelope: to("a..b@d.test") },
      "invalidRecipient",
      { about: "strictAddresses", command: "RCPT" },
    ],
    ["that is Postmaster", { connector: { anonymousRelay: false }, envelope: to("Postmaster") }, undefined],
  ])("%s", async (_, given, kind, expected = {}) => {
    const { refusal, fields } = await handedIn(given);
    expect(refusal?.kind).toBe(kind);
    if (kind !== undefined) expect(fields).toMatchObject(expected);
  });

  test("is one too many behind maxRecipientsPerMessage, which counts those it refused", async () => {
    const it = createTestSubmissions({ maxRecipientsPerMessage: 2 });
    const outcome = await it.submissions.submit(
      submitterOf(it),
      { ...envelope, ...to("a@d.test", "b@d.test", "c@d.test", "e@d.test") },
      content,
      { partial: true },
    );
    expect(outcome).toMatchObject({
      kind: "kept",
      message: { envelope: { recipients: [{ forwardPath: "a@d.test" }, { forwardPath: "b@d.test" }] } },
      refusals: [
        { recipient: "c@d.test", reply: { told: { configured: 2, seen: 3 } } },
        { recipient: "e@d.test", reply: { told: { configured: 2, seen: 4 } } },
      ],
    });
  });

  test.each<[readonly string[], unknown[]]>([
    [["a@d.test", "b@d.test"], []],
    [["a@d.test", "b@d.test", "c@d.test"], [["tooManyRecipients", 2, 3, false]]],
  ])("%j meets a number that is only looked at", async (addresses, expected) => {
    const told: unknown[] = [];
    await handedIn({
      connector: { maxRecipientsPerMessage: 2, reportOnly: ["maxRecipientsPerMessage"] },
      services: {
        wouldRefuse: (_, { refused, configured, seen }, isRefused) =>
          void told.push([refused, configured, seen, isRefused]),
      },
      envelope: to(...addresses),
    });
    expect(told).toEqual(expected);
  });

  test("more than a day allows: all of them go or none, and are told together", async () => {
    const owner: RightsOwner = { kind: "key", name: "Shop", rights: { recipientRateLimit: 3 } };
    const it = createTestSubmissions();
    const submit = (partial: boolean, ...addresses: string[]) =>
      it.submissions.submit(submitterOf(it, { owner }), { ...envelope, ...to(...addresses) }, content, {
        partial,
      });
    expect((await submit(false, "a@d.test", "b@d.test")).kind).toBe("kept");
    expect(await submit(false, "c@d.test", "e@d.test", "f@d.test", "g@d.test", "h@d.test")).toMatchObject({
      kind: "refused",
      refusals: [{ recipient: "e@d.test", reply: { told: { configured: 3, retryAfterSeconds: Infinity } } }],
      unchecked: 3,
    });
    expect(await submit(true, "c@d.test", "e@d.test")).toMatchObject({
      kind: "kept",
      refusals: [{ recipient: "e@d.test" }],
    });
  });

  test("keeps what was asked of reports", async () => {
    const notify = { never: false, success: true, failure: false, delay: false };
    const { message } = await handedIn({
      envelope: { recipients: [{ address: "b@d.test", notify, orcpt: "rfc822;x" }, { address: "c@d.test" }] },
    });
    expect(message?.envelope.recipients).toEqual([
      { forwardPath: "b@d.test", notify, orcpt: "rfc822;x" },
      { forwardPath: "c@d.test" },
    ]);
  });
});
