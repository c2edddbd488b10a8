import { expect, test } from "vitest";
import { maskedLines } from "./masked-secrets.ts";

test.each([
  [["password: hunter2"], ["password: ********"]],
  [['{ userName: a, password: "hun\\"ter2" }'], ["{ userName: a, password: ******** }"]],
  [["'password' : 'hun''ter2' # mine"], ["'password' : ******** # mine"]],
  [["passwordFile: /etc/weir/password"], ["passwordFile: /etc/weir/password"]],
  [
    ["  password: |-", "    hunter2", "", "    more", "  userName: a"],
    ["  password: |-", "    ********", "", "    ********", "  userName: a"],
  ],
  [
    ["users:", "  - password: # below", "      hunter2", "    name: a"],
    ["users:", "  - password: # below", "      ********", "    name: a"],
  ],
  [
    ["password: >", "  hunter2", "name: a"],
    ["password: >", "  ********", "name: a"],
  ],
])("%j is shown as %j", (lines, shown) => {
  expect(maskedLines(lines)).toEqual(shown);
});
