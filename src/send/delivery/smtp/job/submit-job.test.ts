import { expect, test } from "vitest";
import type { Signer } from "../../../../dkim/signer.ts";
import { SpoolError } from "../../../../spool/spool.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { signedClaim } from "../../../../dkim/signed-claim.ts";
import type { Job, JobResult } from "./job.ts";
import { submitJob } from "./submit-job.ts";

async function submitted(signer: Signer | undefined) {
  const claim = testClaim({ recipients: ["a@b.test", "c@b.test"] });
  const jobs: Job[] = [];
  const results: JobResult[] = [];
  submitJob(claim, (result) => void results.push(result), {
    signer,
    host: "mx",
    submit: (job) => void jobs.push(job),
  });
  const atOnce = jobs.length;
  await Promise.resolve();
  await Promise.resolve();
  return { claim, jobs, results, atOnce };
}
const signing = (isActive: boolean, sign: Signer["sign"]): Signer => ({
  isActive,
  sign,
  signThen: (claim, signed, failed) => void sign(claim).then(signed, failed),
});

test.each([
  ["no signer", undefined],
  ["a signer without keys", signing(false, () => Promise.reject(new Error("asked")))],
])("%s: nothing is waited for", async (_, signer) => {
  const { claim, jobs, atOnce } = await submitted(signer);
  expect(atOnce).toBe(1);
  expect(jobs[0]?.form).toBe(claim);
});

test("what is signed goes as it is then, and is settled as the claim it was", async () => {
  const { claim, jobs, atOnce } = await submitted(
    signing(true, (given) => Promise.resolve(signedClaim(given, "DKIM-Signature: x\r\n"))),
  );
  expect([atOnce, jobs.length]).toEqual([0, 1]);
  expect(jobs[0]?.claim).toBe(claim);
  expect(jobs[0]?.form.content.inMemory?.toString()).toMatch(/^DKIM-Signature: x\r\n/u);
});

test("what cannot be signed waits, and damage is damage", async () => {
  const late = await submitted(signing(true, () => Promise.reject(new Error("no entropy"))));
  expect(late.jobs).toEqual([]);
  expect(late.results).toMatchObject([
    {
      kind: "attempted",
      outcomes: [
        { kind: "transient", index: 0 },
        { kind: "transient", index: 1 },
      ],
    },
  ]);
  const damage = new SpoolError("damaged", "the checksum does not fit");
  const damaged = await submitted(signing(true, () => Promise.reject(damage)));
  expect(damaged.results).toEqual([{ kind: "damaged", what: "the checksum does not fit" }]);
});
