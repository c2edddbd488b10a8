/** The lines of the outgoing protocol log; what they must not hold: credential-echo.test.ts. */
import { expect, test } from "vitest";
import { HiddenWords } from "./credential-echo.ts";
import { transcribe } from "./transcript.ts";

test("a line for each command and each line of a reply; what answers a challenge is masked, and nothing else", () => {
  const lines: string[] = [];
  const log = transcribe(
    ({ event, data, session, remoteEndpoint }) =>
      void lines.push(`${session} ${remoteEndpoint} ${event} ${data}`.replace("7 192.0.2.1:25 ", "")),
    7,
    "192.0.2.1:25",
    new HiddenWords(undefined),
  );
  log.note("+", "");
  log.reply({ code: 250, text: "mx\nPIPELINING\nAUTH LOGIN" });
  log.commands("RSET\r\nMAIL FROM:<a@b.test>\r\n");
  log.commands("AUTH LOGIN\r\n");
  log.reply({ code: 334, text: "VXNlcm5hbWU6" });
  log.commands("YXBw\r\n");
  log.reply({ code: 235, text: "Ok" });
  log.commands("auth plain AGFwcA==\r\n");
  log.commands("QUIT\r\n");
  log.note("*", "TLS: clear\r\nforged");
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
