/** What budgets have used, in a file of the data directory, so that a restart changes nothing. */
import { readFile } from "node:fs/promises";
import { replaceFile } from "../../ports/replace-file.ts";
import type { BudgetName } from "./send-budget.ts";

export interface StoredBudget extends BudgetName {
  /** Start of the quarter of an hour, milliseconds since 1970, and recipients. */
  readonly day: readonly (readonly [quarter: number, recipients: number])[];
}

export interface BudgetStore {
  /** Nothing stored means that nothing was sent. Rejects when it cannot be read or understood. */
  read(): Promise<readonly StoredBudget[]>;
  /** Resolves when it is durable. */
  write(budgets: readonly StoredBudget[]): Promise<void>;
}

export function budgetFile(file: string): BudgetStore {
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(file, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
      try {
        return storedIn(JSON.parse(text));
      } catch (error) {
        throw new Error(`${file} does not hold what send budgets have used`, { cause: error });
      }
    },
    write: (budgets) => replaceFile(file, `${JSON.stringify({ version: 1, budgets })}\n`, { mode: 0o600 }),
  };
}

function storedIn(value: unknown): readonly StoredBudget[] {
  if (!isRecord(value) || value["version"] !== 1 || !Array.isArray(value["budgets"]))
    throw new TypeError("it is of another form");
  return value["budgets"].map((budget: unknown): StoredBudget => {
    if (!isRecord(budget) || !Array.isArray(budget["day"])) throw new TypeError("a budget has no day");
    return {
      ...nameIn(budget, "connector"),
      ...nameIn(budget, "account"),
      ...nameIn(budget, "mailbox"),
      day: budget["day"].map(countOf),
    };
  });
}

function nameIn<Name extends keyof BudgetName>(
  budget: Record<string, unknown>,
  name: Name,
): Partial<Record<Name, string>> {
  const value = budget[name];
  if (value === undefined) return {};
  if (typeof value !== "string") throw new TypeError(`${name} is no text`);
  return { [name]: value } as Record<Name, string>;
}

function countOf(entry: unknown): readonly [number, number] {
  const [quarter, recipients]: readonly unknown[] = Array.isArray(entry) ? entry : [];
  if (!isCount(quarter) || !isCount(recipients)) throw new TypeError("a count is no number");
  return [quarter, recipients];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
