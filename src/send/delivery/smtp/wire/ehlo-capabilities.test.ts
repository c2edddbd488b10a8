import { expect, it } from "vitest";
import { noCapabilities, parseCapabilities } from "./ehlo-capabilities.ts";

it.each([
  ["", {}],
  ["PIPELINING", { pipelining: true }],
  ["chunking", { chunking: true }],
  ["CHUNKING\nBINARYMIME", { chunking: true, binaryMime: true }],
  ["BINARYMIME", {}],
  ["SIZE", { sizeLimitBytes: Infinity }],
  ["SIZE 0", { sizeLimitBytes: Infinity }],
  ["SIZE 35882577", { sizeLimitBytes: 35882577 }],
  ["SIZE unlimited", { sizeLimitBytes: Infinity }],
  ["AUTH PLAIN login", { authMechanisms: ["PLAIN", "LOGIN"] }],
  ["AUTH=LOGIN", { authMechanisms: ["LOGIN"] }],
  [
    "8BITMIME\nSMTPUTF8\nDSN\nENHANCEDSTATUSCODES\nSTARTTLS",
    {
      eightBitMime: true,
      smtpUtf8: true,
      dsn: true,
      enhancedStatusCodes: true,
      startTls: true,
    },
  ],
])("%j", (keywords, expected) => {
  expect(parseCapabilities({ code: 250, text: `PIPELINING.test greets\n${keywords}` })).toEqual({
    ...noCapabilities,
    ...expected,
  });
});
