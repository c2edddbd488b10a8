/** The answer to "is 20 right for us?", in the shell and in the console. */
export interface AdvisedValue {
  readonly change: "keep" | "raise" | "lower";
  readonly current: number | string;
  readonly value: number | string;
}

export function verdictText({ change, current, value }: AdvisedValue): string {
  switch (change) {
    case "keep":
      return `${current} is right.`;
    case "raise":
      return `${current} is too low; ${value} is right.`;
    case "lower":
      // What went wrong may have met it nevertheless.
      return `${current === "unlimited" ? "unlimited stops nobody" : `${current} is more than is needed`}; ${value} is right.`;
  }
}
