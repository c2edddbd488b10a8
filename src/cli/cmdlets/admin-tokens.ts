/** Who may use the console. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { confirm, showing, telling } from "./common-parameters.ts";

const group = "Running a relay";
const name: Parameter = {
  name: "Name",
  kind: "text",
  position: 0,
  required: true,
  value: "NAME",
  help: "Whose token it is, or what for.",
};

export const adminTokenCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-AdminToken",
    group,
    synopsis: "List the tokens that let people and scripts use the web console and its API.",
    parameters: [...showing],
    examples: [{ command: "weir Get-AdminToken", text: "" }],
    load: async () => (await import("../run/admin-tokens.ts")).getAdminToken,
  },
  {
    name: "New-AdminToken",
    group,
    synopsis: "Make a token to sign in to the web console with, and print it this once.",
    description: [
      "Only its hash is kept. Scripts send it as “Authorization: Bearer TOKEN” to the console's address.",
    ],
    parameters: [
      name,
      {
        name: "Role",
        kind: "choice",
        choices: ["viewer", "operator", "administrator"],
        default: "viewer",
        value: "ROLE",
        help: "viewer looks; operator also retries queues and sets event levels; administrator changes everything.",
      },
      ...telling,
    ],
    examples: [
      { command: "weir New-AdminToken -Name Ann -Role administrator", text: "For a colleague." },
      { command: "weir New-AdminToken monitoring", text: "For a script that reads." },
    ],
    load: async () => (await import("../run/admin-tokens.ts")).newAdminToken,
  },
  {
    name: "Remove-AdminToken",
    group,
    synopsis: "Remove a token; whoever is signed in with it is signed out at once.",
    parameters: [name, confirm, ...telling],
    examples: [{ command: "weir Remove-AdminToken Ann", text: "" }],
    load: async () => (await import("../run/admin-tokens.ts")).removeAdminToken,
  },
];
