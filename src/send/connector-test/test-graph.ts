/** Graph, as far as it can be tried: with whom to send to, a message; nothing else tells whether the mailbox may send. */
import type { GraphSendConnector } from "../../core/policy/send-connector.ts";
import { sendMail } from "../graph/send-mail.ts";
import type { MailboxLogOn } from "../delivery/smtp/opening/log-on.ts";
import type { StepRecorder } from "./step-recorder.ts";
import type { TestContext, WantedTest } from "./test-context.ts";
import { testMessage } from "./test-message.ts";

/** Whether Graph took it. Never rejects for anything it does. */
export async function testGraph(
  connector: GraphSendConnector,
  { mailbox, tokens }: MailboxLogOn,
  to: string,
  { from, timeoutMs, signal }: WantedTest,
  { ports: { clock }, http, hostname }: TestContext,
  recorder: StepRecorder,
): Promise<boolean> {
  const { host, hostname: name } = new URL(connector.graphRoot);
  const at = clock.wall();
  recorder.at(host, name);
  recorder.begin("data");
  const content = await testMessage({ from, to, connector: connector.name, hostname, at }, undefined);
  const { value: token } = await tokens.token(mailbox);
  const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const result = await sendMail(http, {
    graphRoot: connector.graphRoot,
    mailbox,
    token,
    content: [content],
    signal: late,
    now: at.getTime(),
  });
  const words = `${result.words} for mailbox ${mailbox}`;
  if (result.kind === "answered" && result.meaning.kind === "accepted") {
    recorder.say(words);
    recorder.end("ok");
    return true;
  }
  recorder.fail("data", words);
  const { last } = recorder;
  if (last !== undefined && result.kind === "answered" && "hold" in result.meaning)
    last.advice = [`${result.meaning.hold.advice}.`];
  return false;
}
