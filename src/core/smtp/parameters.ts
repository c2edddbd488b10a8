/**
 * ESMTP parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152, 3030), SMTPUTF8 (RFC 6531), RET, ENVID,
 * NOTIFY, ORCPT (RFC 3461, 6533), AUTH (RFC 4954), REQUIRETLS (RFC 8689). A parameter of an extension that is not offered is unknown.
 */
import type { BodyType, Notify } from "../message/envelope.ts";
import { classOf, keywordChar, space } from "./characters.ts";
import { isOriginalRecipient, parseNotify } from "./dsn-parameters.ts";
import { decodeXtext } from "./xtext.ts";
import type { SpokenKind } from "../refusals/catalogue.ts";

/** The extensions that allow parameters, as offered to this client. */
export interface OfferedParameters {
  readonly size: boolean;
  readonly eightBitMime: boolean;
  readonly binaryMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly auth: boolean;
  readonly requireTls: boolean;
}

/** Whatever there is. */
export const everyParameter: OfferedParameters = {
  size: true,
  eightBitMime: true,
  binaryMime: true,
  smtpUtf8: true,
  dsn: true,
  auth: true,
  requireTls: true,
};

export interface MailParameters {
  /** The size the client declares, in octets; undefined when it declares none. */
  readonly sizeBytes: number | undefined;
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly ret: "FULL" | "HDRS" | undefined;
  /** xtext exactly as received; decodes to printable ASCII. */
  readonly envid: string | undefined;
  /** Exactly as received. Grants nothing by itself. */
  readonly auth: string | undefined;
  readonly requireTls: boolean;
}

export interface RcptParameters {
  readonly notify: Notify | undefined;
  /** `addr-type;xtext` exactly as received; decodes to printable characters. */
  readonly orcpt: string | undefined;
}

export interface ParameterFault {
  readonly refused: SpokenKind;
  /** What was wrong, in words. */
  readonly detail: string;
  /** The parameter's keyword. */
  readonly about?: string;
}

export const noMailParameters: MailParameters = {
  sizeBytes: undefined,
  body: "7BIT",
  smtpUtf8: false,
  ret: undefined,
  envid: undefined,
  auth: undefined,
  requireTls: false,
};
export const noRcptParameters: RcptParameters = { notify: undefined, orcpt: undefined };

const maxEnvidOctets = 100;
const equals = 61;

interface Parameter {
  /** Upper case. */
  readonly keyword: string;
  /** Undefined without `=`. */
  readonly value: string | undefined;
}

const longestNamedKeyword = 20;
const named = (keyword: string): string => keyword.slice(0, longestNamedKeyword);
const unknown = (keyword: string): ParameterFault => ({
  refused: "unrecognizedParameter",
  detail: `the parameter ${named(keyword)} is not offered to this client`,
  about: named(keyword),
});
const badValue = (keyword: string): ParameterFault => ({
  refused: "invalidParameterValue",
  detail: `the value of the parameter ${named(keyword)} cannot be read`,
});
const unreadable: ParameterFault = { refused: "syntaxError", detail: "the parameters cannot be read" };
const tooMany: ParameterFault = { refused: "syntaxError", detail: "more than ten parameters" };

/** Parameters from `from` (at a space, or the end) to the end of `text`. */
export function parseMailParameters(
  text: string,
  from: number,
  offered: OfferedParameters,
): MailParameters | ParameterFault {
  if (from >= text.length) return noMailParameters;
  const parameters = splitParameters(text, from);
  if (!Array.isArray(parameters)) return parameters;
  let { sizeBytes, body, smtpUtf8, ret, envid, auth, requireTls } = noMailParameters;
  for (const { keyword, value } of parameters) {
    switch (keyword) {
      case "SIZE":
        if (!offered.size) return unknown(keyword);
        if (value === undefined || !isDigits(value, 20)) return badValue(keyword);
        sizeBytes = Number(value);
        break;
      case "BODY": {
        if (!offered.eightBitMime && !offered.binaryMime) return unknown(keyword);
        const type = value?.toUpperCase();
        if (type !== "7BIT" && type !== "8BITMIME" && type !== "BINARYMIME") return badValue(keyword);
        if (type === "8BITMIME" && !offered.eightBitMime) return unknown(keyword);
        if (type === "BINARYMIME" && !offered.binaryMime) return unknown(keyword);
        body = type;
        break;
      }
      case "SMTPUTF8":
        if (!offered.smtpUtf8) return unknown(keyword);
        if (value !== undefined) return badValue(keyword);
        smtpUtf8 = true;
        break;
      case "RET": {
        if (!offered.dsn) return unknown(keyword);
        const what = value?.toUpperCase();
        if (what !== "FULL" && what !== "HDRS") return badValue(keyword);
        ret = what;
        break;
      }
      case "ENVID":
        if (!offered.dsn) return unknown(keyword);
        if (value === undefined || value.length > maxEnvidOctets || decodeXtext(value) === undefined)
          return badValue(keyword);
        envid = value;
        break;
      case "AUTH":
        if (!offered.auth) return unknown(keyword);
        // It grants nothing, and some clients put a path here, not xtext: whatever it says is kept.
        if (value === undefined) return badValue(keyword);
        auth = value;
        break;
      case "REQUIRETLS":
        if (!offered.requireTls) return unknown(keyword);
        if (value !== undefined) return badValue(keyword);
        requireTls = true;
        break;
      default:
        return unknown(keyword);
    }
  }
  return { sizeBytes, body, smtpUtf8, ret, envid, auth, requireTls };
}

/** Parameters from `from` (at a space, or the end) to the end of `text`. */
export function parseRcptParameters(
  text: string,
  from: number,
  offered: OfferedParameters,
): RcptParameters | ParameterFault {
  if (from >= text.length) return noRcptParameters;
  const parameters = splitParameters(text, from);
  if (!Array.isArray(parameters)) return parameters;
  let { notify, orcpt } = noRcptParameters;
  for (const { keyword, value } of parameters) {
    switch (keyword) {
      case "NOTIFY":
        if (!offered.dsn) return unknown(keyword);
        notify = value === undefined ? undefined : parseNotify(value);
        if (notify === undefined) return badValue(keyword);
        break;
      case "ORCPT":
        if (!offered.dsn) return unknown(keyword);
        if (value === undefined || !isOriginalRecipient(value)) return badValue(keyword);
        orcpt = value;
        break;
      default:
        return unknown(keyword);
    }
  }
  return { notify, orcpt };
}

/** RFC 5321 §4.1.2: esmtp-param = keyword ["=" value]. Runs of spaces count as one. */
function splitParameters(text: string, from: number): Parameter[] | ParameterFault {
  const parameters: Parameter[] = [];
  let i = from;
  while (i < text.length) {
    if (text.charCodeAt(i) !== space) return unreadable;
    while (text.charCodeAt(i) === space) i++;
    if (i >= text.length) break;
    const keywordStart = i;
    for (; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c > 127 || (classOf[c]! & keywordChar) === 0) break;
    }
    if (i === keywordStart || text.charCodeAt(keywordStart) === 45) return unreadable;
    const keyword = text.slice(keywordStart, i).toUpperCase();
    let value: string | undefined;
    if (text.charCodeAt(i) === equals) {
      const valueStart = ++i;
      for (; i < text.length; i++) {
        const c = text.charCodeAt(i);
        if (c <= space || c === equals || c === 127) break;
      }
      if (i === valueStart) return badValue(keyword);
      value = text.slice(valueStart, i);
    }
    if (i < text.length && text.charCodeAt(i) !== space) return badValue(keyword);
    // No extension gives a command this many. Of one that is given twice the last counts.
    if (parameters.length === 10) return tooMany;
    parameters.push({ keyword, value });
  }
  return parameters;
}

function isDigits(text: string, maxLength: number): boolean {
  if (text.length === 0 || text.length > maxLength) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return true;
}
