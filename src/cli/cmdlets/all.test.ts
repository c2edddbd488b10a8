import { describe, expect, it } from "vitest";
import { bindArguments } from "../arguments/bind-arguments.ts";
import { splitWords } from "../arguments/split-words.ts";
import { main } from "../main.ts";
import { recordingOutput } from "../../testing/recording-output.ts";
import { cmdlets } from "./all.ts";
import { cmdletFiles } from "./cmdlet-files.ts";

describe("the table of commands", () => {
  it("names each once, and each parameter of one", () => {
    const names = cmdlets.map(({ name }) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    for (const { name, parameters } of cmdlets) {
      const all = parameters
        .flatMap((parameter) => [parameter.name, ...(parameter.aliases ?? [])])
        .map((spelling) => spelling.toLowerCase());
      expect(new Set(all).size, name).toBe(all.length);
      for (const parameter of parameters) expect(parameter.help, `${name} -${parameter.name}`).not.toBe("");
    }
  });

  it("knows in which file each stands", async () => {
    for (const { names, load } of cmdletFiles) expect((await load()).map(({ name }) => name)).toEqual(names);
    expect(cmdletFiles.flatMap(({ names }) => names).toSorted()).toEqual(
      cmdlets.map(({ name }) => name).toSorted(),
    );
  });

  it("holds what the administrator of an Exchange server types", () => {
    const names = cmdlets.map(({ name }) => name);
    for (const verb of ["Get", "New", "Set", "Remove", "Enable", "Disable"])
      for (const noun of ["ReceiveConnector", "SendConnector"]) expect(names).toContain(`${verb}-${noun}`);
    for (const noun of ["AcceptedDomain", "User", "Application"])
      for (const verb of ["Get", "New", "Set", "Remove"]) expect(names).toContain(`${verb}-${noun}`);
  });

  const examples = cmdlets.flatMap((cmdlet) =>
    cmdlet.examples.map(({ command }) => [command, cmdlet] as const),
  );
  it.each(examples.filter(([command]) => !/[|<>]|^eval/.test(command)))("example: %s", (command, cmdlet) => {
    const [program, name, ...words] = splitWords(command);
    expect(program).toBe("weir");
    expect(name).toBe(cmdlet.name);
    expect(bindArguments(cmdlet, words)).toMatchObject({ ok: true });
  });

  it.each(cmdlets.map((cmdlet) => [cmdlet.name, cmdlet] as const))(
    "%s can be loaded and explained",
    async (name, cmdlet) => {
      expect(typeof (await cmdlet.load())).toBe("function");
      for (const words of [
        [name, "--help"],
        [name.toUpperCase(), "-?"],
        [name, "-Nonsense", "-h"],
        ["help", name],
      ]) {
        const output = recordingOutput({ width: 80 });
        expect(await main(words, output)).toBe(0);
        expect(output.out()).toContain(cmdlet.synopsis.split(" ")[0]);
        for (const { name: parameter, hidden } of cmdlet.parameters)
          if (hidden !== true) expect(output.out()).toContain(`-${parameter}`);
      }
    },
  );
});

describe("usage", () => {
  it.each([
    [["Get-ReceiveConector"], "Did you mean Get-ReceiveConnector?"],
    [["Get-Rec"], "Did you mean Get-ReceiveConnector?"],
    [["help", "explian"], "Did you mean explain?"],
    [["Set-EventLogLevel", "SmtpReceive"], "-Level is missing"],
    [["Get-EventLog", "-Newest"], "-Newest needs a value"],
    [["Set-ReceiveConnector"], "weir help Set-ReceiveConnector explains it"],
  ])("%j ends with 2", async (words, complaint) => {
    const output = recordingOutput();
    expect(await main(words, output)).toBe(2);
    expect(output.complaints()).toContain(complaint);
    expect(output.out()).toBe("");
  });
});
