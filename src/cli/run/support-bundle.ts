/** `weir support-bundle`. */
import { resolve } from "node:path";
import { isOn, textOf } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import { writeJson } from "../output/output.ts";

export const supportBundle: Run = async (args, { output, config }) => {
  const [{ patientOf }, { collect }, { replaceFile }] = await Promise.all([
    import("../doctor/examine.ts"),
    import("../support-bundle/collect.ts"),
    import("../../ports/replace-file.ts"),
  ]);
  const bundle = await collect(await patientOf(config));
  const file = resolve(textOf(args, "File") ?? "");
  await replaceFile(file, `${JSON.stringify(bundle, undefined, 2)}\n`, { mode: 0o600 });
  if (bundle.events === null)
    output.complain(
      "weir: the events are not in it, for this user may not read them: run it as the relay's user, or as root\n",
    );
  if (isOn(args, "Json")) writeJson(output, { file });
  else
    output.write(
      `${file}: numbers, and words that are Weir's own; no addresses, names, passwords or mail. Read it before you send it.\n`,
    );
  return 0;
};
