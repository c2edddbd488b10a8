/** What every place where tokens of administrators are kept promises: one suite for the file and for the database. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAdminTokens } from "../../src/admin/admin-tokens.ts";
import type { KeptTokens } from "../../src/ports/kept-tokens.ts";

export interface TestedTokens {
  readonly kept: KeptTokens;
  /** The same place as another start, or another node, finds it. */
  again(): KeptTokens;
  end(): Promise<void>;
}

export function describeKeptTokens(name: string, open: () => Promise<TestedTokens>): void {
  describe(name, () => {
    let tested: TestedTokens;
    beforeEach(async () => {
      tested = await open();
    });
    afterEach(() => tested.end());
    const anna = { name: "Anna", role: "operator", createdAt: "2026-11-29T08:00:00.000Z" } as const;

    test("keeps a token, and no secret, for whoever opens it next", async () => {
      const tokens = await openAdminTokens(tested.kept);
      const secret = await tokens.add(anna);
      const other = await openAdminTokens(tested.again());
      expect(other.find(secret)).toEqual(anna);
      expect(other.find(`${secret}x`)).toBeUndefined();
      expect(JSON.stringify(await tested.again().read())).not.toContain(secret);
      tokens.close();
      other.close();
    });

    test("has one token of a name, whatever its case", async () => {
      const tokens = await openAdminTokens(tested.kept);
      await tokens.add(anna);
      await expect(tokens.add({ ...anna, name: "ANNA" })).rejects.toThrow(/there already/);
      expect(tokens.list()).toEqual([anna]);
      expect([await tokens.remove("anna"), await tokens.remove("anna")]).toEqual([true, false]);
      expect(await tested.again().read()).toEqual([]);
      tokens.close();
    });

    test("ends what was let in by a token that is removed, by whomever", async () => {
      const tokens = await openAdminTokens(tested.kept);
      const secret = await tokens.add(anna);
      const ended = tokens.removed(anna);
      if (tested.kept.lookMs === undefined) await tokens.remove("Anna");
      else await tested.again().remove("Anna");
      await expect.poll(() => ended.aborted).toBe(true);
      expect(tokens.find(secret)).toBeUndefined();
      tokens.close();
    });
  });
}
