/**
 * Test-SendConnector: every address of every smart host is opened as delivery opens it (send/delivery/smtp/opening), with a
 * token of its own where it logs on by token, and asked for MAIL and RCPT. What was learned of peers is neither used nor
 * changed, and nothing is told as an event: whoever asked gets the answer.
 */
import { tokenClaims } from "../../core/policy/connector-test/token-claims.ts";
import type { ConnectorTest } from "../../core/policy/connector-test/test-step.ts";
import { testAdvice, tokenAdvice } from "../../core/policy/connector-test/test-advice.ts";
import { mailboxFor } from "../../core/policy/sender-mailbox.ts";
import { graphMailboxFor } from "../../core/policy/graph-mailbox.ts";
import type {
  GraphSendConnector,
  SendConnectorSettings,
  SmtpSendConnector,
} from "../../core/policy/send-connector.ts";
import { daneText, tlsText } from "../../core/tls-policy/explain-tls.ts";
import type { HostTls } from "../../core/tls-policy/tls-demand.ts";
import type { Events } from "../../events/events.ts";
import { preferredAddresses } from "../../dns/preferred-addresses.ts";
import type { MailboxLogOn } from "../delivery/smtp/opening/log-on.ts";
import { tlsBySettings, type OpeningContext } from "../delivery/smtp/opening/open-connection.ts";
import { resolvePeers } from "../delivery/smtp/opening/resolve-peers.ts";
import { createPeerMemory, endpointOf, type Peer } from "../delivery/smtp/peer/peer.ts";
import { asClientError } from "../delivery/smtp/wire/client-error.ts";
import { daneOfFound, tlsOfFound } from "../mx/found-tls.ts";
import { recipientDomain } from "../routing/recipient-domain.ts";
import { createTokenSource } from "../oauth/token-source.ts";
import { StepRecorder } from "./step-recorder.ts";
import type { TestContext, WantedTest } from "./test-context.ts";
import { testGraph } from "./test-graph.ts";
import { testDirectory } from "./test-directory.ts";
import { testPeer } from "./test-peer.ts";

const silent: Events = { wants: () => false, emit: () => {} };

/** Never rejects for anything that a peer, an authority or a name server does. */
export async function testConnector(
  connector: SendConnectorSettings,
  wanted: WantedTest,
  context: TestContext,
): Promise<ConnectorTest> {
  const recorder = new StepRecorder(context.ports.clock);
  const { from, to } = wanted;
  if (connector.kind === "drop") {
    const ok = await testDirectory(connector.dropDirectory, recorder);
    return { ok, from, to: undefined, steps: recorder.steps };
  }
  const logOn = await logOnFor(connector, wanted, context, recorder);
  if (logOn === "failed") return { ok: false, from, to: undefined, steps: recorder.steps };

  if (connector.kind === "graph") {
    const ok =
      logOn === undefined ||
      to === undefined ||
      (await testGraph(connector, logOn, to, wanted, context, recorder));
    return { ok, from, to: ok ? to : undefined, steps: recorder.steps };
  }

  let sentTo: string | undefined;
  let ok = true;
  let sessions = 0;
  const addresses =
    connector.kind === "dns"
      ? context.mailHosts?.(connector).addresses
      : preferredAddresses(connector, context.ports.dns);
  const tlsOf = new Map<string, HostTls>();
  const opening: OpeningContext = {
    connector,
    ports: context.ports,
    events: silent,
    memory: createPeerMemory(),
    transcript: context.transcript,
    logOn,
    signer: connector.dkimSigning ? context.signer : undefined,
    ...(addresses && { addresses }),
    tlsOf: ({ name, port }) =>
      tlsOf.get(name) ?? context.tlsOf?.(connector, { host: name, port }) ?? tlsBySettings(connector, name),
    nextSession: () => ++sessions,
  };
  const nextHop =
    connector.kind === "dns"
      ? await mailHostsFor(connector, to, context, recorder, tlsOf)
      : connector.smartHosts;
  if (nextHop === undefined) {
    advise(connector, wanted, recorder);
    return { ok: false, from, to: undefined, steps: recorder.steps };
  }
  for (const smartHost of nextHop) {
    const peers = await resolve(opening, smartHost, wanted, recorder);
    if (peers === undefined) ok = false;
    for (const peer of peers ?? []) {
      const since = recorder.steps.length;
      const send = to !== undefined && sentTo === undefined;
      const isReady = await testPeer(
        peer,
        opening,
        { ...wanted, hostname: context.hostname, send },
        recorder,
      );
      if (isReady && send) sentTo = to;
      ok &&= isReady;
      // What failed on the way, and did not keep it from being ready: a detour.
      for (const step of recorder.steps.slice(since))
        if (isReady && step.outcome === "failed") step.outcome = "warning";
    }
  }
  advise(connector, wanted, recorder);
  return { ok, from, to: sentTo, steps: recorder.steps };
}

/** The hosts of the recipient's domain, as delivery finds them, and what TLS with each must be like. Undefined where there are none, which is told. */
async function mailHostsFor(
  connector: SmtpSendConnector,
  to: string | undefined,
  { mailHosts }: TestContext,
  recorder: StepRecorder,
  tlsOf: Map<string, HostTls>,
): Promise<SmtpSendConnector["smartHosts"] | undefined> {
  const domain = to === undefined ? "" : recipientDomain(to);
  recorder.at(domain === "" ? connector.name : domain, domain);
  recorder.begin("resolve");
  if (to === undefined) {
    recorder.fail("resolve", "it delivers by MX record: give -To, whose domain's hosts are tested");
    return undefined;
  }
  const found = await mailHosts?.(connector).of(domain);
  if (found?.result.kind !== "hosts") {
    recorder.fail("resolve", found?.result.text ?? "there is nobody to ask");
    return undefined;
  }
  const hosts = found.result.groups.flat();
  recorder.say(hosts.map(({ name, preference }) => `${preference} ${name}`).join(", "));
  const { result: planned, barred } = tlsOfFound(connector, domain, found.result, found, undefined);
  for (const [host, demand] of planned.kind === "hosts" ? planned.demands : []) tlsOf.set(host, demand);
  for (const { host, tls } of barred) tlsOf.set(host, tls);
  for (const [host, tls] of tlsOf)
    recorder.say(
      `TLSA records of ${host}: ${daneText(daneOfFound(found, host))}`,
      `TLS of ${host}: ${tlsText(tls)}`,
    );
  recorder.end("ok");
  return hosts.map(({ name }) => ({ host: name, port: connector.port }));
}

async function logOnFor(
  connector: SmtpSendConnector | GraphSendConnector,
  { from, timeoutMs }: WantedTest,
  { ports: { clock }, http }: TestContext,
  recorder: StepRecorder,
): Promise<MailboxLogOn | undefined | "failed"> {
  if (connector.oauth === undefined) return undefined;
  const { senderMailboxes } = connector;
  const mailbox =
    connector.kind === "graph"
      ? graphMailboxFor(from, from, senderMailboxes)
      : (mailboxFor(from, senderMailboxes) ?? from);
  const source = createTokenSource(
    connector.oauth,
    { clock, events: silent, http: (request) => http({ ...request, timeoutMs }) },
    connector.name,
  );
  recorder.at(new URL(connector.oauth.tokenEndpoint).host);
  recorder.begin("token");
  try {
    const token = await source.token(mailbox);
    const claims = tokenClaims(token.value);
    recorder.claims(claims);
    const shown = Object.entries(claims).map(([name, value]) => `${name}: ${value}`);
    recorder.say(
      `a token for ${mailbox}`,
      ...(shown.length > 0 ? shown : ["it is opaque: its claims cannot be read"]),
    );
    recorder.end("ok");
    // It was fetched for this test: one that is refused is not asked for again.
    return { mailbox, tokens: { ...source, known: () => undefined, token: () => Promise.resolve(token) } };
  } catch (error) {
    const words = asClientError(error).message;
    recorder.fail("token", words);
    const { last } = recorder;
    if (last !== undefined) last.advice = tokenAdvice(words, connector.oauth.tokenEndpoint);
    return "failed";
  }
}

async function resolve(
  opening: OpeningContext,
  smartHost: SmtpSendConnector["smartHosts"][number],
  { timeoutMs, signal }: WantedTest,
  recorder: StepRecorder,
): Promise<readonly Peer[] | undefined> {
  const host = opening.memory.host(smartHost);
  recorder.at(`${host.name}:${host.port}`, host.name);
  recorder.begin("resolve");
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const peers = await resolvePeers(host, opening, AbortSignal.any([signal, late]));
    recorder.say(peers.map(endpointOf).join(", "));
    recorder.end("ok");
    return peers;
  } catch (error) {
    const words = late.aborted ? `no answer within ${timeoutMs / 1000} s` : asClientError(error).message;
    recorder.fail("resolve", words);
    return undefined;
  }
}

function advise(
  connector: SmtpSendConnector,
  { changedAgoMs }: Pick<WantedTest, "changedAgoMs">,
  { steps }: StepRecorder,
): void {
  const claims = steps.find(({ step }) => step === "token")?.claims ?? {};
  for (const step of steps) {
    if (step.outcome === "ok") continue;
    const port = Number(step.endpoint.slice(step.endpoint.lastIndexOf(":") + 1));
    const certificateNames = step.certificates[0]?.names ?? [];
    // Of a chain that was looked at afterwards, the lines behind the first are no reason.
    const [first = ""] = step.details;
    const words = step.certificates.length > 0 ? first : step.details.join(" ");
    step.advice = testAdvice(
      { step: step.step, words },
      { connector, host: step.host, port, certificateNames, claims, changedAgoMs },
    );
  }
}
