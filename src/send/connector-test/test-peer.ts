/** One address, as delivery opens it, and then MAIL, RCPT and RSET, or a message. */
import type { Dial } from "../../ports/ports.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { TestStepName } from "../../core/policy/connector-test/test-step.ts";
import {
  openConnection,
  tlsBySettings,
  type OpenedConnection,
  type OpeningContext,
} from "../delivery/smtp/opening/open-connection.ts";
import { endpointOf, type Peer } from "../delivery/smtp/peer/peer.ts";
import { asClientError, type ClientErrorCode, SmtpClientError } from "../delivery/smtp/wire/client-error.ts";
import { Dialog } from "../delivery/smtp/wire/dialog.ts";
import type { PeerReply } from "../delivery/smtp/wire/reply-reader.ts";
import { timeouts } from "../delivery/smtp/wire/timeouts.ts";
import { peerChain, type PeerChain } from "./peer-chain.ts";
import type { StepRecorder } from "./step-recorder.ts";
import { testMessage } from "./test-message.ts";

export interface PeerTest {
  readonly from: string;
  readonly to: string | undefined;
  /** Else the transaction is taken back before its content. */
  readonly send: boolean;
  readonly hostname: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The step that a failure stands for where it happened between two. */
const stepOf: Readonly<Record<ClientErrorCode, TestStepName>> = {
  resolve: "resolve",
  connect: "connect",
  lost: "greeting",
  timeout: "greeting",
  garbage: "greeting",
  refused: "ehlo",
  tls: "startTls",
  authentication: "auth",
  aborted: "connect",
};

/** Resolves with true when the peer takes mail. Never rejects. */
export async function testPeer(
  peer: Peer,
  context: OpeningContext,
  test: PeerTest,
  recorder: StepRecorder,
): Promise<boolean> {
  const { connector, ports, transcript: log } = context;
  const late = AbortSignal.timeout(test.timeoutMs);
  const signal = AbortSignal.any([test.signal, late]);
  const words = (text: string): string =>
    late.aborted ? `no answer within ${test.timeoutMs / 1000} s` : text;
  const steps = recorder.transcript(words);
  const dial: Dial = async (target) => {
    recorder.begin("connect");
    const socket = await ports.dial(target);
    recorder.say(`connected from ${socket.localAddress ?? "?"}`);
    if (connector.implicitTls) recorder.begin("tls");
    return socket;
  };
  recorder.at(endpointOf(peer), peer.host.name);
  let opened: OpenedConnection;
  try {
    opened = await openConnection(
      peer,
      {
        ...context,
        ports: { ...ports, dial },
        transcript: (line) => {
          log?.(line);
          steps(line);
        },
        onSecured(socket) {
          showChain(recorder, peerChain(socket, peer.host.name, connector));
          recorder.end("ok");
        },
      },
      signal,
    );
  } catch (error) {
    const failure = asClientError(error);
    recorder.fail(stepOf[failure.code], words(failure.verdict.text));
    if (failure.code === "tls" && recorder.last?.certificates.length === 0) {
      const chain = await chainUnchecked(peer, context, signal);
      if (chain !== undefined) showChain(recorder, chain);
    }
    return false;
  }
  const { connection } = opened;
  const abort = (): void => connection.destroy(new SmtpClientError("aborted", "the test has ended"));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await transact(opened, context, test);
  } catch (error) {
    recorder.fail("mail", words(asClientError(error).message));
    return false;
  } finally {
    signal.removeEventListener("abort", abort);
    if (connection.alive) connection.writeText("QUIT\r\n");
    connection.destroy(new SmtpClientError("aborted", ""));
  }
}

function showChain(recorder: StepRecorder, { certificates, details }: PeerChain): void {
  recorder.certificates(certificates);
  recorder.say(...details);
}

/** What a peer shows whose chain does not do: looked at on a second connection that sends nothing but EHLO. */
async function chainUnchecked(
  peer: Peer,
  context: OpeningContext,
  signal: AbortSignal,
): Promise<PeerChain | undefined> {
  let chain: PeerChain | undefined;
  const connector: SmtpSendConnector = {
    ...context.connector,
    tlsAuthLevel: "EncryptionOnly",
    smartHostAuthMechanism: "None",
  };
  try {
    const { connection } = await openConnection(
      peer,
      {
        ...context,
        connector,
        tlsOf: ({ name }) => tlsBySettings(connector, name),
        transcript: undefined,
        logOn: undefined,
        onSecured: (socket) => (chain = peerChain(socket, peer.host.name, context.connector)),
      },
      signal,
    );
    connection.destroy(new SmtpClientError("aborted", ""));
  } catch {
    // The failure that is told is that of the first connection.
  }
  return chain;
}

/** Replies are steps by the transcript. */
async function transact(
  { connection }: OpenedConnection,
  { ports, connector, signer }: OpeningContext,
  { from, to, send, hostname }: PeerTest,
): Promise<boolean> {
  const dialog = new Dialog();
  dialog.begin(connection);
  connection.receiver = dialog;
  const ask = async (line: string, timeoutMs: number): Promise<boolean> =>
    isPositive(await dialog.command(line, line.split(" ", 1)[0] ?? "", timeoutMs));

  const isTaken =
    (await ask(`MAIL FROM:<${from}>`, timeouts.mailMs)) &&
    (await ask(`RCPT TO:<${to ?? from}>`, timeouts.recipientMs));
  if (!isTaken || !send || to === undefined) return (await ask("RSET", timeouts.mailMs)) && isTaken;

  const about = { from, to, connector: connector.name, hostname, at: ports.clock.wall() };
  const content = await testMessage(about, signer);
  if (!(await ask("DATA", timeouts.dataMs))) return false;
  connection.writeParts([content, Buffer.from(".\r\n")]);
  return isPositive(await dialog.next("the message", timeouts.finalMs));
}

const isPositive = ({ code }: PeerReply): boolean => code < 400;
