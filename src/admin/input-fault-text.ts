/** What is wrong with a field of an input, in words of people; what a schema says in its own words stays. */
import type { z } from "zod";
import { formatDuration } from "../core/units/duration.ts";

const nouns: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** zod's own. */
const isTechnical = (message: string): boolean => /^(Too (big|small): |Invalid )/.test(message);

export function inputFaultText(issue: z.core.$ZodIssue): string {
  if (!isTechnical(issue.message)) return issue.message;
  const isDuration = String(issue.path.at(-1)).endsWith("Ms");
  switch (issue.code) {
    case "too_big":
      return boundText(issue.origin, issue.maximum, isDuration, "at most");
    case "too_small":
      return issue.origin === "string" && Number(issue.minimum) === 1
        ? "is empty"
        : boundText(issue.origin, issue.minimum, isDuration, "at least");
    case "invalid_type":
      return issue.message.endsWith("received undefined")
        ? "is missing"
        : `is not ${nouns[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return issue.message.endsWith("received undefined")
        ? "is missing"
        : `is none of ${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return issue.format === "datetime"
        ? "is no instant; write it like 2026-11-24T06:00:00Z"
        : "is not of the form it has to have";
    case "not_multiple_of":
    case "unrecognized_keys":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return issue.message;
  }
}

function boundText(origin: string, bound: number | bigint, isDuration: boolean, which: string): string {
  if (isDuration) return `must be ${formatDuration(Number(bound))} ${which}`;
  const many = { string: " characters", array: " entries" }[origin] ?? "";
  return many === "" ? `must be ${bound} ${which}` : `must have ${bound}${many} ${which}`;
}
