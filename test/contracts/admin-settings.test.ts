/** Changes to what is not a connector: accepted domains. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AdminError } from "../../src/admin/client.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

const text = `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    tarpitInterval: 0s
sendConnectors:
  - name: Out
    addressSpaces: [contoso.com]
    dropDirectory: drop
acceptedDomains:
  - contoso.com   # ours
`;
let it: AdministeredRelay;
beforeEach(async () => {
  it = await startAdministeredRelay(text);
});
afterEach(() => it.stop());

async function refusal(promise: Promise<unknown>): Promise<AdminError> {
  const fault: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (fault instanceof AdminError) return fault;
  throw new Error("was not refused");
}

async function answerTo(recipient: string): Promise<string> {
  const [endpoint] = it.relay.listeners();
  const client = await connectScriptedClient({ port: endpoint?.port ?? 0 });
  await client.expect(220);
  await client.command("EHLO a.example");
  await client.command("MAIL FROM:<a@a.example>");
  const { code } = await client.command(`RCPT TO:<${recipient}>`);
  client.close();
  return String(code);
}

describe("accepted domains", () => {
  test("one is added, widened and removed, and holds at once", async () => {
    expect(await answerTo("b@fabrikam.com")).toBe("550");
    const added = await it.client.call("newAcceptedDomain", { domainName: "Fabrikam.com." });
    expect(added).toMatchObject({
      applied: true,
      changes: [
        { setting: "acceptedDomains", before: ["contoso.com"], after: ["contoso.com", "fabrikam.com"] },
      ],
    });
    expect(added.notices.join()).toMatch(/No send connector takes mail for fabrikam\.com/);
    expect(await it.text()).toContain("  - contoso.com   # ours\n  - fabrikam.com\n");
    expect([await answerTo("b@fabrikam.com"), await answerTo("b@mail.fabrikam.com")]).toEqual(["250", "550"]);

    await it.client.call("setAcceptedDomain", { domainName: "fabrikam.com", matchSubDomains: true });
    expect(await answerTo("b@mail.fabrikam.com")).toBe("250");
    expect((await it.client.call("listAcceptedDomains", {})).domains).toEqual([
      { domainName: "contoso.com", matchSubDomains: false, sendConnector: "Out" },
      { domainName: "*.fabrikam.com", matchSubDomains: true, sendConnector: null },
    ]);
    await it.client.call("setAcceptedDomain", { domainName: "*.fabrikam.com", newDomainName: "x.example" });
    await it.client.call("removeAcceptedDomain", { domainName: "X.example" });
    expect(await it.text()).toBe(`hostname: relay.test\ndataDirectory: data\n${text}`);
  });

  test("the last that goes is told, and what comes of it", async () => {
    const { notices, warnings } = await it.client.call("removeAcceptedDomain", { domainName: "contoso.com" });
    expect(notices.join()).toMatch(/can send to nobody: 550 5\.7\.54/);
    expect(warnings.map(({ message }) => message).join()).toMatch(/every recipient will be refused/);
    expect(await it.text()).toContain("acceptedDomains: []\n");
    expect(await it.text()).not.toContain("# ours");
    await it.client.call("newAcceptedDomain", { domainName: "contoso.com" });
    expect(await answerTo("b@contoso.com")).toBe("250");
  });

  test.each([
    ["contoso.com", "alreadyExists", /there is an accepted domain contoso\.com already/],
    ["CONTOSO.com.", "alreadyExists", /already/],
    ["not a domain", "configurationRefused", /acceptedDomains\[1\]: "not a domain" is not a domain/],
    ["*", "configurationRefused", /would let everybody relay to everywhere/],
  ])("%s is refused", async (domainName, code, message) => {
    const before = await it.text();
    const fault = await refusal(it.client.call("newAcceptedDomain", { domainName }));
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(message);
    expect(await it.text()).toBe(before);
  });

  test("what is not there is named with what is", async () => {
    expect((await refusal(it.client.call("removeAcceptedDomain", { domainName: "a.example" }))).message).toBe(
      "there is no accepted domain a.example; there are contoso.com",
    );
    await it.client.call("setAcceptedDomain", { domainName: "contoso.com", matchSubDomains: true });
    expect(
      (await refusal(it.client.call("setAcceptedDomain", { domainName: "contoso.com" }))).message,
    ).toMatch(/did you mean \*\.contoso\.com\?/);
  });

  test("what another holds already is said", async () => {
    await it.client.call("setAcceptedDomain", { domainName: "contoso.com", matchSubDomains: true });
    const { notices } = await it.client.call("newAcceptedDomain", {
      domainName: "mail.contoso.com",
      whatIf: true,
    });
    expect(notices.join()).toMatch(/^\*\.contoso\.com holds mail\.contoso\.com already/);
  });
});
