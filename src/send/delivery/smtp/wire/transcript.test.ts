/** The lines of the outgoing protocol log; what they must not hold: credential-echo.test.ts. */
import { expect, test } from "vitest";
import { HiddenWords } from "./credential-echo.ts";
import { transcribe } from "./transcript.ts";

test("a line for each command and each line of a reply; what answers a challenge is masked, and nothing else", () => {
  const lines: string[] = [];
  const { note, commands, reply } = transcribe(
    ({ event, data, session, remoteEndpoint }) =>
      void lines.push(`${session} ${remoteEndpoint} ${event} ${data}`.replace("7 192.0.2.1:25 ", "")),
    7,
    "192.0.2.1:25",
    new HiddenWords(undefined),
  );
  note("+", "");
  reply({ code: 250, text: "mx\nPIPELINING\nAUTH LOGIN" });
  commands("RSET\r\nMAIL FROM:<a@b.test>\r\n");
  commands("AUTH LOGIN\r\n");
  reply({ code: 334, text: "VXNlcm5hbWU6" });
  commands("YXBw\r\n");
  reply({ code: 235, text: "Ok" });
  commands("auth plain AGFwcA==\r\n");
  commands("QUIT\r\n");
  note("*", "TLS: clear\r\nforged");
  expect(lines).toEqual([
    "+ ",
    "< 250-mx",
    "< 250-PIPELINING",
    "< 250 AUTH LOGIN",
    "> RSET",
    "> MAIL FROM:<a@b.test>",
    "> AUTH LOGIN",
    "< 334 VXNlcm5hbWU6",
    "> ****",
    "< 235 Ok",
    "> auth plain ****",
    "> QUIT",
    "* TLS: clear\\x0d\\x0aforged",
  ]);
});
