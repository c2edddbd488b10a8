import { expect, test } from "vitest";
import { afterRefusal, type RefusalFacts, type RefusalVerdict } from "./after-refusal.ts";

test.each<[RefusalFacts["to"], code: number, text: string, Partial<RefusalFacts>, what: RefusalVerdict]>([
  ["mail", 550, "5.7.1 no", {}, "fail"],
  ["mail", 450, "4.7.1 later", {}, "putOff"],
  ["mail", 450, "4.7.1 later", { mayBeWornOut: true }, "wornOut"],
  ["mail", 550, "5.7.1 no", { mayBeWornOut: true }, "fail"],
  ["mail", 530, "5.7.0 certificate wanted", { mayBlameTls: true }, "againInClear"],
  ["mail", 530, "5.7.0 Must issue a STARTTLS command first", { isForWantOfTls: true }, "putOffAndClose"],
  ["mail", 530, "5.7.0 Must issue a STARTTLS command first", {}, "fail"],
  ["data", 451, "4.3.0 later", { mayBeWornOut: true }, "wornOut"],
  ["data", 554, "5.5.1 no", { mayBlameTls: true }, "failAccepted"],
  ["content", 451, "4.3.0 later", { mayBeWornOut: true }, "deferAccepted"],
  ["content", 452, "4.4.5 too many messages", { mayBeWornOut: true }, "wornOut"],
  ["content", 452, "4.5.3 too many recipients", { recipientsAccepted: 2 }, "fewerRecipients"],
  ["content", 452, "4.5.3 too many recipients", {}, "deferAccepted"],
  ["content", 554, "5.5.3 too many recipients", { recipientsAccepted: 2 }, "fewerRecipients"],
  ["content", 552, "5.3.4 too large", {}, "failAccepted"],
])("refused at %s with %i %s", (to, code, text, rest, what) => {
  const facts = {
    recipientsAccepted: 1,
    mayBlameTls: false,
    isForWantOfTls: false,
    mayBeWornOut: false,
    ...rest,
  };
  expect(afterRefusal({ reply: { code, text }, to, ...facts })).toBe(what);
});
