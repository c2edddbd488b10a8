import { expect, test } from "vitest";
import { startRecordingSink } from "./recording-sink.ts";
import { connectScriptedClient } from "./scripted-client.ts";

test("records envelope, parameters and octets by DATA and by BDAT", async () => {
  const sink = await startRecordingSink();
  const client = await connectScriptedClient(sink);
  await client.expect("220");
  const ehlo = await client.command("EHLO me");
  expect(ehlo.lines).toContain("CHUNKING");
  client.send("MAIL FROM:<a@b.example> BODY=8BITMIME\r\nRCPT TO:<c@d.example> NOTIFY=NEVER\r\nDATA\r\n");
  for (const code of [250, 250, 354]) await client.expect(code);
  client.send("x\r\n..dot\r\n.\r\n");
  await client.expect(250);
  client.send("MAIL FROM:<>\r\nRCPT TO:<e@f.example>\r\nBDAT 3\r\na\r\nBDAT 4 LAST\r\n\n.\r\n");
  for (const code of [250, 250, 250, 250]) await client.expect(code);
  await client.command("QUIT");
  await client.closed();
  expect(sink.messages).toMatchObject([
    {
      reversePath: "a@b.example",
      parameters: ["BODY=8BITMIME"],
      recipients: [{ path: "c@d.example", parameters: ["NOTIFY=NEVER"] }],
      framing: "DATA",
    },
    { reversePath: "", framing: "BDAT" },
  ]);
  expect(sink.messages.map((message) => message.content.toString())).toEqual([
    "x\r\n.dot\r\n",
    "a\r\n\n.\r\n",
  ]);
  await sink.close();
});

test("refuses, drops and loses acknowledgements as told", async () => {
  const sink = await startRecordingSink({
    behave: ({ at, line, connection }) => {
      if (at === "RCPT" && line.includes("bad")) return { reply: "550 5.1.1 No such user" };
      if (at === "stored" && connection === 1) return { drop: true };
      return undefined;
    },
  });
  const client = await connectScriptedClient(sink);
  await client.expect(220);
  await client.command("EHLO me");
  await client.command("MAIL FROM:<a@b.example>");
  expect((await client.command("RCPT TO:<bad@d.example>")).code).toBe(550);
  expect((await client.command("RCPT TO:<good@d.example>")).code).toBe(250);
  expect((await client.command("DATA")).code).toBe(354);
  client.send("x\r\n.\r\n");
  await client.closed();
  expect(sink.messages).toHaveLength(1);
  expect(sink.messages[0]?.recipients).toEqual([{ path: "good@d.example", parameters: [] }]);
  await sink.close();
  expect(sink.open).toBe(0);
});
