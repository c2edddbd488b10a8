/** Exchange's ErrorPolicies: one word or several. */
import { z } from "zod";
import { errorPolicyNames, type ErrorPolicy } from "../core/policy/send-connector.ts";
import { choice, kinds } from "./value-type.ts";

const words = choice(errorPolicyNames);

/** Without `Default`, which stands for none. */
export const errorPoliciesSchema = z
  .union([z.array(words).max(10), words.transform((word) => [word])], {
    error: `is not one or more of ${errorPolicyNames.join(", ")}`,
  })
  .transform((given) => given.filter((word): word is ErrorPolicy => word !== "Default"))
  .register(kinds, { kind: "list", range: errorPolicyNames.join(", ") });
