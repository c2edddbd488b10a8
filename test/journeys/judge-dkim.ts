/**
 * Has other people's verifiers judge many odd messages with signatures of ours:
 *
 *     npx tsx test/journeys/judge-dkim.ts [--messages 2000] [--seed 7]
 *
 * Ends with 1 when one of them refuses one; npm test does the same with some.
 */
import { parseArgs } from "node:util";
import { newSigningKey, readSigningKey } from "../../src/dkim/signing-key.ts";
import { seededRandom } from "../faults/random.ts";
import { judges } from "./dkim-judges.ts";
import { oddMessage } from "./odd-messages.ts";
import { allForms, signedMessage } from "./signed-message.ts";

const { values } = parseArgs({
  options: { messages: { type: "string", default: "500" }, seed: { type: "string", default: "1" } },
});
const domain = "contoso.test";
const [rsa, ed25519] = [
  readSigningKey(await newSigningKey("rsa")),
  readSigningKey(await newSigningKey("ed25519")),
];
const all = [
  { domain, selector: "r", key: rsa },
  { domain, selector: "e", key: ed25519 },
];
/** At once: a judge may start a process for each. */
const portion = 100;

for (const judge of judges) {
  if (!judge.isThere) {
    console.log(`${judge.name}: cannot be asked here`);
    continue;
  }
  const identities = judge.knowsEd25519 ? all : all.slice(0, 1);
  const records = Object.fromEntries(
    identities.map(({ selector, key }) => [`${selector}._domainkey.${domain}`, key.record]),
  );
  const random = seededRandom(Number(values.seed));
  const refused: string[] = [];
  for (let done = 0; done < Number(values.messages); done += portion) {
    const messages: Buffer[] = [];
    for (let n = 0; n < portion; n++) {
      const { header, body } = oddMessage(random, domain, judge.wantsLegal);
      const forms = allForms[n % allForms.length] ?? ["relaxed", "relaxed"];
      messages.push(await signedMessage(header, body, forms, identities, 1 + Math.floor(random() * 50)));
    }
    const verdicts = await judge.judge(messages, records, identities.length);
    for (const [at, message] of messages.entries())
      if (verdicts[at] !== true)
        refused.push(`${done + at}: ${verdicts[at] ?? ""}\n${JSON.stringify(message.toString("latin1"))}`);
  }
  console.log(`${judge.name}: ${refused.length} of ${values.messages} refused, seed ${values.seed}`);
  for (const one of refused.slice(0, 5)) console.log(one);
  if (refused.length > 0) process.exitCode = 1;
}
