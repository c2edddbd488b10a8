/**
 * The SMTP client alone against Postfix's smtp-sink: messages per second and CPU time per message.
 * `tsx bench/send.ts [messages] [connections] [sizeBytes]`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import type { SmtpSendConnector } from "../src/core/policy/send-connector.ts";
import { createSystemPorts } from "../src/ports/system-ports.ts";
import { createSmtpCarrier } from "../src/send/delivery/smtp/smtp-carrier.ts";
import type { Claim } from "../src/spool/spool.ts";

const [messages = 100_000, connections = 20, sizeBytes = 4096] = process.argv.slice(2).map(Number);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function startSink(port: number): Promise<ChildProcess> {
  const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
  const sink = spawn("/usr/sbin/smtp-sink", [...user, `127.0.0.1:${port}`, "1000"], { stdio: "ignore" });
  for (let attempt = 0; attempt < 100; attempt++) {
    const reached = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (reached) return sink;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("smtp-sink does not listen");
}

function content(): Buffer {
  const head = "From: <app@a.test>\r\nTo: <user@b.test>\r\nSubject: bench\r\n\r\n";
  const line = `${"x".repeat(76)}\r\n`;
  return Buffer.from(
    (head + line.repeat(Math.ceil(sizeBytes / line.length))).slice(0, sizeBytes - 2) + "\r\n",
  );
}

const port = await freePort();
const sink = await startSink(port);
const connector: SmtpSendConnector = {
  kind: "smartHost",
  name: "Bench",
  enabled: true,
  comment: "",
  addressSpaces: [],
  maxMessageSize: Infinity,
  smartHosts: [{ host: "127.0.0.1", port }],
  port: 25,
  mtaSts: "none",
  ipPreference: "Automatic",
  siteMessageRateLimit: Infinity,
  mxAddressLimit: 10,
  mxSessionLimit: 5,
  mxAllowPrivateHosts: true,
  fqdn: "bench.test",
  requireTls: false,
  ignoreStartTls: true,
  tlsAuthLevel: "EncryptionOnly",
  tlsDomain: undefined,
  implicitTls: false,
  tlsClient: undefined,
  tlsCa: undefined,
  sourceIpAddress: undefined,
  smartHostAuthMechanism: "None",
  authenticationCredential: undefined,
  oauth: undefined,
  senderMailboxes: {},
  preset: undefined,
  connectionInactivityTimeOut: 600_000,
  smtpMaxMessagesPerConnection: 0,
  maxRecipientsPerTransaction: 100,
  messageRateLimit: Infinity,
  recipientRateLimit: Infinity,
  mailboxMessageRateLimit: Infinity,
  mailboxRecipientRateLimit: Infinity,
  maxConcurrentConnections: connections,
  forceHelo: false,
  chunkingEnabled: true,
  pipeliningEnabled: true,
  errorPolicies: [],
  customFailures: [],
  dkimSigning: true,
  daneEnabled: false,
  requireTlsPolicy: "opportunisticStartTls",
  protocolLoggingLevel: "None",
};
const carrier = createSmtpCarrier({
  connector,
  nextHop: connector.smartHosts,
  ports: createSystemPorts(),
  events: { wants: () => false, emit: () => {} },
});
const body = content();
const claimOf = (id: number): Claim => ({
  message: {
    id,
    arrivedAt: 0,
    envelope: {
      reversePath: "app@a.test",
      recipients: [{ forwardPath: "user@b.test" }],
      body: "7BIT",
      smtpUtf8: false,
    },
    origin: { connector: "bench", sourceAddress: "127.0.0.1", helloName: "bench", sessionId: "1" },
    content: { sizeBytes: body.length, dotLines: 0, eightBit: false, endsWithCrlf: true },
  },
  queue: "bench",
  recipients: [{ index: 0, attempts: 0, delayReported: false }],
  content: {
    inMemory: body,
    async *stream() {
      yield body;
    },
  },
});

let sent = 0;
async function worker(last: number): Promise<void> {
  while (sent < last) {
    const result = await carrier.carry(claimOf(++sent));
    if (result.kind !== "attempted" || result.outcomes[0]?.kind !== "delivered")
      throw new Error(JSON.stringify(result));
  }
}
const run = async (last: number): Promise<void> => {
  await Promise.all(Array.from({ length: carrier.concurrency }, () => worker(last)));
};
await run(2_000);
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
await run(2_000 + messages);
const seconds = (performance.now() - startedAt) / 1000;
const cpu = process.cpuUsage(cpuBefore);
console.log(
  `${messages} messages of ${sizeBytes} octets over ${connections} connections: ` +
    `${Math.round(messages / seconds)} messages/s, ` +
    `${((cpu.user + cpu.system) / messages).toFixed(1)} µs CPU a message ` +
    `(user ${(cpu.user / messages).toFixed(1)}, system ${(cpu.system / messages).toFixed(1)})`,
);
await carrier.close(1_000);
sink.kill();
