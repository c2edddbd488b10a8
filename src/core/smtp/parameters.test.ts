import { describe, expect, it } from "vitest";
import { everyParameter, parseMailParameters, parseRcptParameters } from "./parameters.ts";

const mail = (text: string, but = {}) => parseMailParameters(text, 0, { ...everyParameter, ...but });
const rcpt = (text: string, but = {}) => parseRcptParameters(text, 0, { ...everyParameter, ...but });
const only = (what: "success" | "failure" | "delay" | "never") => ({
  never: what === "never",
  success: what === "success",
  failure: what === "failure",
  delay: what === "delay",
});

describe("parameters of MAIL", () => {
  it.each([
    ["", {}],
    [" SIZE=0", { sizeBytes: 0 }],
    [" size=37748736", { sizeBytes: 37748736 }],
    [" SIZE=99999999999999999999", { sizeBytes: 1e20 }],
    [" BODY=7BIT", { body: "7BIT" }],
    [" body=8bitmime", { body: "8BITMIME" }],
    [" BODY=BINARYMIME", { body: "BINARYMIME" }],
    [" SMTPUTF8", { smtpUtf8: true }],
    [" requiretls", { requireTls: true }],
    [" RET=hdrs", { ret: "HDRS" }],
    [" RET=FULL", { ret: "FULL" }],
    [" ENVID=QQ314159", { envid: "QQ314159" }],
    [" ENVID=a+2Bb", { envid: "a+2Bb" }],
    [` ENVID=${"x".repeat(100)}`, { envid: "x".repeat(100) }],
    [" SIZE=1 size=2", { sizeBytes: 2 }],
    [" BODY=7BIT BODY=8BITMIME", { body: "8BITMIME" }],
    [" AUTH=<>", { auth: "<>" }],
    [" AUTH=<a@b>", { auth: "<a@b>" }],
    [" AUTH=user", { auth: "user" }],
    [" AUTH=e+3Dmc2@example.com", { auth: "e+3Dmc2@example.com" }],
    ["  SIZE=1   BODY=8BITMIME RET=FULL ", { sizeBytes: 1, body: "8BITMIME", ret: "FULL" }],
  ])("%j", (text, parameters) => {
    const none = {
      sizeBytes: undefined,
      body: "7BIT",
      smtpUtf8: false,
      ret: undefined,
      envid: undefined,
      auth: undefined,
      requireTls: false,
    };
    expect(mail(text)).toEqual({ ...none, ...parameters });
  });

  it.each([
    " SIZE",
    " SIZE=",
    " SIZE=-1",
    " SIZE=1k",
    " SIZE=+1",
    " SIZE=123456789012345678901",
    " BODY",
    " BODY=",
    " BODY=9BIT",
    " SMTPUTF8=1",
    " SMTPUTF8=",
    " REQUIRETLS=1",
    " REQUIRETLS=",
    " RET",
    " RET=BOTH",
    " ENVID",
    " ENVID=",
    ` ENVID=${"x".repeat(101)}`,
    " ENVID=a+0D+0Ab",
    " ENVID=a+00",
    " ENVID=a+7F",
    " ENVID=a+FF",
    " ENVID=a+2b",
    " ENVID=a+2",
    " ENVID=+",
    " ENVID=ü",
    " AUTH",
    " AUTH=",
    " SIZE=1=2",
  ])("%j has a bad value", (text) => {
    expect(mail(text)).toMatchObject({ refused: "invalidParameterValue" });
  });

  it.each([" =1", " -A", " A;B", " ü", " SIZE=1;"])("%j is refused", (text) => {
    expect(mail(text)).toHaveProperty("refused");
  });

  it.each([
    [" SIZE=1", { size: false }],
    [" BODY=7BIT", { eightBitMime: false, binaryMime: false }],
    [" BODY=8BITMIME", { eightBitMime: false }],
    [" BODY=BINARYMIME", { binaryMime: false }],
    [" SMTPUTF8", { smtpUtf8: false }],
    [" RET=FULL", { dsn: false }],
    [" ENVID=x", { dsn: false }],
    [" AUTH=<>", { auth: false }],
    [" XYZ", {}],
    [" XYZ=1", {}],
    [" NOTIFY=NEVER", {}],
  ])("%j is unknown when %j", (text, but) => {
    expect(mail(text, but)).toMatchObject({ refused: "unrecognizedParameter" });
  });

  it("are counted", () => {
    const many = Array.from({ length: 11 }, (_, n) => ` X${n}`).join("");
    expect(mail(many)).toMatchObject({ refused: "syntaxError" });
  });
});

describe("parameters of RCPT", () => {
  it.each([
    ["", {}],
    [" NOTIFY=NEVER", { notify: only("never") }],
    [" notify=success", { notify: only("success") }],
    [" NOTIFY=DELAY", { notify: only("delay") }],
    [
      " NOTIFY=SUCCESS,FAILURE,DELAY",
      { notify: { never: false, success: true, failure: true, delay: true } },
    ],
    [" ORCPT=rfc822;Bob@Example.com", { orcpt: "rfc822;Bob@Example.com" }],
    [" ORCPT=rfc822;a+2Bb@c", { orcpt: "rfc822;a+2Bb@c" }],
    [" ORCPT=utf-8;ü@b", { orcpt: "utf-8;ü@b" }],
    [" ORCPT=UTF-8;\\x{FC}@b", { orcpt: "UTF-8;\\x{FC}@b" }],
    [" ORCPT=utf-8;a\\x{2B}b\\x{10FFFD}@b", { orcpt: "utf-8;a\\x{2B}b\\x{10FFFD}@b" }],
  ])("%j", (text, parameters) => {
    expect(rcpt(text)).toEqual({ notify: undefined, orcpt: undefined, ...parameters });
  });

  it.each([
    " NOTIFY",
    " NOTIFY=",
    " NOTIFY=SOMETIMES",
    " NOTIFY=NEVER,SUCCESS",
    " NOTIFY=SUCCESS,",
    " NOTIFY=,SUCCESS",
    " NOTIFY=SUCCESS;FAILURE",
    ` NOTIFY=${"SUCCESS,".repeat(9)}DELAY`,
    " ORCPT",
    " ORCPT=",
    " ORCPT=a@b",
    " ORCPT=rfc822;",
    " ORCPT=;a@b",
    " ORCPT=rfc 822;a",
    " ORCPT=rfc822;a+0Ab",
    " ORCPT=rfc822;a+0D+0AX:y",
    " ORCPT=rfc822;ü@b",
    ` ORCPT=rfc822;${"x".repeat(494)}`,
    " ORCPT=utf-8;a+b",
    " ORCPT=utf-8;\\x{0A}",
    " ORCPT=utf-8;\\x{D800}",
    " ORCPT=utf-8;\\x{110000}",
    " ORCPT=utf-8;\\x{}",
    " ORCPT=utf-8;\\x{41}",
    " ORCPT=utf-8;\\x{FC",
    " ORCPT=utf-8;\\n",
    " ORCPT=utf-8;\\x{2028}",
    " ORCPT=utf-8;\\x{00FC}",
  ])("%j is refused", (text) => {
    expect(rcpt(text)).toHaveProperty("refused");
  });

  it("are unknown without DSN", () => {
    expect(rcpt(" NOTIFY=NEVER", { dsn: false })).toMatchObject({ refused: "unrecognizedParameter" });
    expect(rcpt(" ORCPT=rfc822;a@b", { dsn: false })).toMatchObject({ refused: "unrecognizedParameter" });
    expect(rcpt(" SIZE=1")).toMatchObject({ refused: "unrecognizedParameter" });
  });
});
