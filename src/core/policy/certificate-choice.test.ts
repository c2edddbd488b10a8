import { expect, test } from "vitest";
import { chooseCertificates } from "./certificate-choice.ts";

const rsa = (...names: string[]) => ({ names, keyKinds: ["rsa"] });
const ec = (...names: string[]) => ({ names, keyKinds: ["ec"] });

test.each([
  ["none at all", [], "a.test", []],
  ["the only one, whatever is asked for", [rsa("a.test")], "other.test", [0]],
  ["no name asked for: the connector's", [rsa("a.test"), rsa("relay.test")], undefined, [1]],
  ["a name none holds: the connector's", [rsa("a.test"), rsa("relay.test")], "no.test", [1]],
  ["neither: the first", [rsa("a.test"), rsa("b.test")], undefined, [0]],
  [
    "neither: the first, with the other kind of key for its name",
    [ec("a.test"), rsa("b.test"), rsa("a.test")],
    "x",
    [0, 2],
  ],
  [
    "neither: beside the first none that has its kind of key, too",
    [rsa("a.test"), { names: ["a.test"], keyKinds: ["ec", "rsa"] }],
    "x",
    [0],
  ],
  ["both kinds of key for a name", [rsa("a.test"), ec("a.test"), rsa("b.test")], "a.test", [0, 1]],
  ["of one kind the first", [rsa("a.test"), rsa("a.test")], "a.test", [0]],
  ["in any case, with a dot at its end", [rsa("x"), rsa("a.test")], "A.Test.", [1]],
  ["a wildcard holds one label", [rsa("b.test"), rsa("*.a.test")], "mail.a.test", [1]],
  ["and not two", [rsa("b.test"), rsa("*.a.test")], "x.mail.a.test", [0]],
  ["and not none", [rsa("b.test"), rsa("*.a.test")], "a.test", [0]],
  ["nor a label that begins with a dot", [rsa("b.test"), rsa("*.a.test")], ".a.test", [0]],
  ["a part of a label is no wildcard", [rsa("b.test"), rsa("m*.a.test")], "mail.a.test", [0]],
  ["the name itself goes before a wildcard", [rsa("*.a.test"), rsa("mail.a.test")], "mail.a.test", [1]],
  ["for each kind by itself", [rsa("*.a.test"), ec("mail.a.test")], "mail.a.test", [0, 1]],
  ["one of several names", [rsa("a.test"), rsa("b.test", "c.test")], "c.test", [1]],
  [
    "two kinds in one entry",
    [{ names: ["relay.test"], keyKinds: ["ec", "rsa"] }, rsa("a.test")],
    "relay.test",
    [0],
  ],
  ["a certificate without names is never chosen by name", [rsa("a.test"), rsa()], "", [0]],
] as const)("%s", (_what, certificates, asked, chosen) => {
  expect(chooseCertificates(certificates, asked, "relay.test")).toEqual(chosen);
});
