/** Conversations to be broken, how they are played, and what is wrong with what comes back. */
import { connect } from "node:net";
import { replyFault } from "../../src/testing/scripted-client.ts";

export const conversations: readonly Buffer[] = [
  "EHLO c.example\r\nMAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<c@d.example> NOTIFY=FAILURE ORCPT=rfc822;c@d.example\r\nDATA\r\nSubject: x\r\n\r\n..body\r\n.\r\nQUIT\r\n",
  "EHLO c\r\nMAIL FROM:<> SMTPUTF8 RET=HDRS ENVID=a+2Bb\r\nRCPT TO:<\xe4\xbd\xa0@d.example>\r\nBDAT 14\r\nSubject: x\r\n\r\nBDAT 6 LAST\r\nbody\r\nQUIT\r\n",
  'HELO c\r\nMAIL FROM:<"a b"@[127.0.0.1]>\r\nRCPT TO:<@x.example:c@d.example>\r\nDATA\r\nx\r\n.\r\nRSET\r\nNOOP\r\nVRFY a\r\nHELP\r\nEXPN a\r\nQUIT\r\n',
  "EHLO c\r\nAUTH PLAIN\r\nAGFwcABzZWNyZXQ=\r\nAUTH LOGIN YXBw\r\nc2VjcmV0\r\nMAIL FROM:<a@b.example> AUTH=<>\r\nQUIT\r\n",
  "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nReceived: a\r\n\tb\r\n: c\r\n\r\n\n.\n\r.\r\r\n.\r\nMAIL FROM:<a@b.example>\r\n",
  "EHLO c\r\nSTARTTLS\r\n\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
].map((text) => Buffer.from(text, "latin1"));

/** Plays octets, then half-closes; gives all that came back. Rejects when the session does not end in `mostMs`, 10 s. */
export function converse(port: number, parts: readonly Buffer[], mostMs = 10_000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(
          `the session did not end\nsent ${JSON.stringify(parts.map((part) => part.toString("latin1")))}\nheard ${JSON.stringify(Buffer.concat(heard).toString("latin1"))}`,
        ),
      );
    }, mostMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve(Buffer.concat(heard));
    };
    socket.on("data", (chunk) => heard.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", done);
    socket.on("connect", () => {
      let index = 0;
      const next = (): void => {
        const part = parts[index++];
        if (part === undefined) socket.end();
        else socket.write(part, () => setImmediate(next));
      };
      next();
    });
  });
}

/** What is wrong with a stream of replies, or undefined. */
export function streamFault(heard: Buffer): string | undefined {
  const text = heard.toString("latin1");
  // Behind STARTTLS's 220 come the alerts of a handshake that fails.
  const clear = /220 2\.0\.0 [^\r]*\r\n/.exec(text);
  const wire = clear === null ? text : text.slice(0, clear.index + clear[0].length);
  if (wire === "") return undefined;
  if (!wire.endsWith("\r\n")) return `cut reply: ${JSON.stringify(wire.slice(-100))}`;
  let first: string | undefined;
  for (const line of wire.slice(0, -2).split("\r\n")) {
    const fault = replyFault(Buffer.from(line, "latin1"), first);
    if (fault !== undefined) return fault;
    first = line[3] === "-" ? line.slice(0, 3) : undefined;
  }
  return first === undefined ? undefined : "a reply without its last line";
}
