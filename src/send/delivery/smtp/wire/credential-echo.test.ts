import { describe, expect, it } from "vitest";
import { HiddenWords, tokenForms } from "./credential-echo.ts";
import { transcribe, type TranscriptLine } from "./transcript.ts";

const credential = { userName: "app", password: "hunter2-secret" };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = base64(`\0app\0${credential.password}`);

describe("a peer's text loses the password in each form", () => {
  it.each([
    ["535 5.7.8 bad password hunter2-secret", "535 5.7.8 bad password ****"],
    [`501 cannot decode ${plain}`, "501 cannot decode ****"],
    [`501 cannot decode ${plain.replaceAll("=", "")}`, "501 cannot decode ****"],
    [`500 unrecognized: ${base64(credential.password)}`, "500 unrecognized: ****"],
    ["535 5.7.8 no such user app", "535 5.7.8 no such user app"],
  ])("%s", (text, shown) => expect(new HiddenWords(credential).hide(text)).toBe(shown));

  it("PLAIN that names the user twice", () => {
    const relay = { ...credential, userName: "relay" };
    const twice = base64(`relay\0relay\0${relay.password}`);
    expect(new HiddenWords(relay).hide(`501 cannot decode ${twice}`)).toBe("501 cannot decode ****");
  });

  it("but for what stands in any text by chance", () => {
    const short = (password: string) =>
      new HiddenWords({ userName: "app", password }).hide("535 hunte hunter");
    expect(short("hunte")).toBe("535 hunte hunter");
    expect(short("hunter")).toBe("535 hunte ****");
    expect(short("")).toBe("535 hunte hunter");
  });

  it("without a credential it stays as it is", () =>
    expect(new HiddenWords(undefined).hide("535 no")).toBe("535 no"));
});

describe("a token", () => {
  const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sifQ.c2lnbmF0dXJl";
  const message = `user=a@b.test\x01auth=Bearer ${token}\x01\x01`;
  const hidden = new HiddenWords(undefined);
  hidden.add(...tokenForms(token, message));
  it.each([
    [`535 5.7.3 no: ${token}`, "535 5.7.3 no: ****"],
    [`500 unknown command ${base64(message)}`, "500 unknown command ****"],
    [`500 unknown command ${base64(message).slice(0, 60)}`, "500 unknown command ****"],
    [`500 bad token ${token.slice(30, 70)}...`, "500 bad token ****..."],
    ["535 5.7.3 Authentication unsuccessful [AM0PR10CA0096.EURPRD10.PROD.OUTLOOK.COM]", undefined],
  ])("%s", (text, shown) => expect(hidden.hide(text)).toBe(shown ?? text));
});

it("the protocol log has no line with it, sent or received, PLAIN or LOGIN", () => {
  const lines: TranscriptLine[] = [];
  const transcript = transcribe((line) => lines.push(line), 1, "192.0.2.1:25", new HiddenWords(credential));
  transcript.commands("EHLO relay.test\r\n");
  transcript.reply({ code: 250, text: "AUTH PLAIN LOGIN" });
  transcript.commands(`AUTH PLAIN ${plain}\r\n`);
  transcript.reply({ code: 535, text: `5.7.8 refused: ${plain}` });
  transcript.commands("AUTH LOGIN\r\n");
  transcript.reply({ code: 334, text: "VXNlcm5hbWU6" });
  transcript.commands(`${base64("app")}\r\n`);
  transcript.reply({ code: 334, text: "UGFzc3dvcmQ6" });
  transcript.commands(`${base64(credential.password)}\r\n`);
  transcript.reply({ code: 500, text: `unknown command\n${base64(credential.password)}` });
  transcript.note("-", `authentication failed: ${credential.password}`);
  const log = lines.map(({ event, data }) => `${event} ${data}`);
  expect(log.filter((line) => line.includes("****"))).toHaveLength(6);
  for (const secret of [credential.password, plain, base64(credential.password)])
    expect(log.join("\n")).not.toContain(secret);
});
