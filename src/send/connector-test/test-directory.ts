/** A drop directory is tested by writing a file there. */
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../../ports/make-directory.ts";
import { failureWords } from "../delivery/smtp/wire/failure-words.ts";
import type { StepRecorder } from "./step-recorder.ts";

/** Makes it where it is not there, as delivery does; the file is gone afterwards. */
export async function testDirectory(directory: string, recorder: StepRecorder): Promise<boolean> {
  recorder.at(directory);
  recorder.begin("dropDirectory");
  const file = join(directory, `.weir-test-${randomUUID()}`);
  try {
    const made = await makeDirectory(directory, 0o700);
    recorder.say(made === undefined ? "the directory exists" : "the directory was made");
    await writeFile(file, "test\n", { flag: "wx", mode: 0o600, flush: true });
    recorder.say("a file can be written there");
    recorder.end("ok");
    return true;
  } catch (error) {
    recorder.fail("dropDirectory", failureWords(error));
    const { last } = recorder;
    if (last !== undefined)
      last.advice = [
        `Make ${directory} a directory that the relay's user may write to, with room on its disk; systemd's ReadWritePaths and containers' mounts count too.`,
      ];
    return false;
  } finally {
    await rm(file, { force: true }).catch(() => {});
  }
}
