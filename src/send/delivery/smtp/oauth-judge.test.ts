/** XOAUTH2 as a server of other people's making reads it (smtp-server, which answers a refusal as Google does). */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeAll, expect, it } from "vitest";
import { smtpPeers } from "../../../testing/smtp-peers.ts";
import { testCertificate } from "../../../testing/test-certificate.ts";
import { testClaim } from "../../../testing/test-claim.ts";
import { brief } from "../../../testing/test-smtp-carrier.ts";
import type { Token, TokenSource } from "../../oauth/token-source.ts";

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("mx.test");
});
const { open, carrierTo } = smtpPeers(afterEach);

const token: Token = {
  value: "ya29.a0-Token_of.the.test",
  fetchedAt: 0,
  refreshAt: Infinity,
  endsAt: Infinity,
};
const tokens: TokenSource = {
  perMailbox: true,
  token: () => Promise.resolve(token),
  known: () => token,
  drop() {},
  retryNow() {},
};

it.each([
  ["relay@contoso.test", "attempted"],
  ["stranger@contoso.test", "throttled"],
])("as %s", async (mailbox, kind) => {
  const seen: string[] = [];
  const server = new SMTPServer({
    ...tls,
    authMethods: ["XOAUTH2"],
    onAuth({ method, username, accessToken }, _session, tell) {
      seen.push(`${method} ${String(username)} ${String(accessToken)}`);
      if (username === "relay@contoso.test") tell(null, { user: username });
      else tell(null, { data: { status: "401", schemes: "bearer mac", scope: "my_smtp_access_scope_name" } });
    },
    onData(stream, _session, tell) {
      stream.resume();
      stream.on("end", () => tell(null, "taken"));
    },
  });
  server.on("error", () => {});
  const listener = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  const { carrier, told } = carrierTo((listener.address() as AddressInfo).port, {
    connector: {
      requireTls: true,
      smartHostAuthMechanism: "XOAUTH2",
      senderMailboxes: { "*": mailbox },
      oauth: {
        grant: { kind: "serviceAccount", clientEmail: "", privateKeyId: "", privateKey: "" },
        tokenEndpoint: "https://oauth2.test/token",
        scope: "https://mail.google.com/",
        shown: {},
      },
    },
    more: { tokens },
  });
  const result = await carrier.carry(testClaim());
  expect(result.kind).toBe(kind);
  expect(seen[0]).toBe(`XOAUTH2 ${mailbox} ${token.value}`);
  if (kind === "attempted") expect(brief(result)).toEqual([expect.stringMatching(/^delivered/)]);
  else expect(JSON.stringify([result, told])).toContain("my_smtp_access_scope_name");
});
