import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordingOutput } from "../../testing/recording-output.ts";
import { bindArguments } from "../arguments/bind-arguments.ts";
import { findName } from "../arguments/find-name.ts";
import { textOf } from "../arguments/value.ts";
import type { Cmdlet } from "../cmdlet.ts";
import { cmdletWordFor } from "../exchange-words/cmdlets.ts";
import { toldWord } from "../exchange-words/told-word.ts";
import { showing } from "../cmdlets/common-parameters.ts";
import { printRows } from "../output/print.ts";
import type { PipeContext } from "./run-pipe.ts";
import { runScript } from "./run-script.ts";

const rows = [
  { name: "App Relay", status: "Retry", messages: 12, remoteIpRanges: ["10.0.0.1", "10.0.0.2"] },
  { name: "Other", status: "Ready", messages: 0, remoteIpRanges: ["10.0.0.1"] },
  { name: "Third", status: "Retry", messages: 7, remoteIpRanges: [] },
];

const identity = { name: "Identity", kind: "text", position: 0, help: "" } as const;
const thing = (
  name: string,
  parameters: Cmdlet["parameters"],
  does: Awaited<ReturnType<Cmdlet["load"]>>,
): Cmdlet => ({
  name,
  group: "The shell itself",
  synopsis: "",
  parameters,
  examples: [],
  load: () => Promise.resolve(does),
});
const cmdlets: readonly Cmdlet[] = [
  thing("Get-Thing", [identity, ...showing], (args, { output }) => {
    const wanted = textOf(args, "Identity");
    const some = rows.filter(({ name }) => (wanted ?? name) === name);
    printRows(output, args, {
      rows: some,
      columns: [
        { header: "Identity", value: ({ name }) => name },
        { header: "MessageCount", value: ({ messages }) => messages, align: "right" },
      ],
      none: "there is no thing",
    });
    return Promise.resolve(some.length > 0 ? 0 : 1);
  }),
  thing("Set-Thing", [identity, { name: "Ranges", kind: "list", help: "" }], (args, { output }) => {
    output.write(`set ${JSON.stringify(Object.fromEntries(args))}\n`);
    return Promise.resolve(textOf(args, "Identity") === "Other" ? 1 : 0);
  }),
];

async function run(
  script: string,
  options: { readonly stopOnError?: boolean } = {},
): Promise<{ readonly code: number; readonly out: string; readonly complaints: string }> {
  const output = recordingOutput();
  const context: PipeContext = {
    output,
    cmdlets,
    async runCommand([name = "", ...words], to) {
      const found = findName(name, cmdlets, { exactly: true });
      if (found.kind !== "found") {
        const answer = cmdletWordFor(name);
        to.complain(
          `weir: ${answer === undefined ? `there is no ${name}` : toldWord(name, answer, words).join("\n")}\n`,
        );
        return 2;
      }
      const bound = bindArguments(found.item, words);
      if (!bound.ok) {
        to.complain(`weir: ${bound.faults.join()}\n`);
        return 2;
      }
      const command = await found.item.load();
      return command(bound.args, {
        output: to,
        config: undefined,
        allCmdlets: () => Promise.resolve(cmdlets),
        runCommand: () => Promise.resolve(0),
      });
    },
  };
  async function* lines(): AsyncIterable<string> {
    yield* script.split("\n");
  }
  const code = await runScript(lines(), context, { stopOnError: options.stopOnError ?? false });
  return { code, out: output.out(), complaints: output.complaints() };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-pipes-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("pipes", () => {
  it.each([
    ["Get-Thing | where {$_.Status -eq 'Retry'} | select Name", "Name\n----\nApp Relay\nThird\n"],
    [
      "Get-Thing | where Status -eq Retry | sort MessageCount | select -First 1 -ExpandProperty name",
      "Third\n",
    ],
    ["Get-Thing | ? { $_.MessageCount -gt 5 } | measure", "Count\n-----\n    2\n"],
    [
      "Get-Thing | measure messages -Sum -Maximum",
      "Property  Count  Sum  Maximum\n--------  -----  ---  -------\nmessages      3   19       12\n",
    ],
    ["Get-Thing | group Status", "Count  Name\n-----  ----\n    2  Retry\n    1  Ready\n"],
    [
      "Get-Thing | sort Messages -Descending | ft Name,Mess*",
      "Name       Messages\n----       --------\nApp Relay        12\nThird             7\nOther             0\n",
    ],
    ["Get-Thing Other | fl Name,RemoteIPRanges", "Name           : Other\nRemoteIPRanges : {10.0.0.1}\n"],
    [
      "Get-Thing | select -Last 1",
      "Identity  MessageCount\n--------  ------------\nThird                7\n",
    ],
    ["Get-Thing | select -Skip 1 -First 1 | fl", "Identity     : Other\nMessageCount : 0\n"],
    ["Get-Thing -List | select status -Unique | sort status", "Status\n------\nReady\nRetry\n"],
    [
      "Get-Thing | select Name | ConvertTo-Json -Compress",
      '[{"name":"App Relay"},{"name":"Other"},{"name":"Third"}]\n',
    ],
    [
      "Get-Thing Third | select name,messages | ConvertTo-Csv -NoTypeInformation",
      "Name,Messages\r\nThird,7\r\n",
    ],
    ["Get-Thing | gm", "Name\nStatus\nMessages\nRemoteIPRanges\n"],
    ["Get-Thing | Out-Null", ""],
    ["(Get-Thing).Count", "3\n"],
    ["(Get-Thing 'App Relay').RemoteIPRanges", "10.0.0.1\n10.0.0.2\n"],
    ["(Get-Thing | where Status -eq Ready).Name", "Other\n"],
    ["(Get-Thing).RemoteIPRanges | sort -Unique", "10.0.0.1\n10.0.0.2\n"],
    [
      "Set-Thing X -Ranges (Get-Thing 'App Relay').RemoteIPRanges",
      'set {"Identity":"X","Ranges":["10.0.0.1","10.0.0.2"]}\n',
    ],
    [
      "Get-Thing | where Name -ne Other | Set-Thing -Ranges a",
      'set {"Ranges":["a"],"Identity":"App Relay"}\nset {"Ranges":["a"],"Identity":"Third"}\n',
    ],
    ["Get-Thing Third | Get-Thing | ft Name", "Name\n----\nThird\n"],
    [
      "weir Get-Thing Third | npx weir Get-Thing 2>$null",
      "Identity  MessageCount\n--------  ------------\nThird                7\n",
    ],
    ["Set-Thing (\"X\") -Ranges ('a','b')", 'set {"Identity":"X","Ranges":["a","b"]}\n'],
    ["echo 'a b' c; Write-Host d", "a b c\nd\n"],
  ])("%s", async (script, out) => {
    expect(await run(script)).toEqual({ code: 0, out, complaints: "" });
  });

  it("end in files", async () => {
    const file = join(directory, "x.csv");
    const { complaints } = await run(`Get-Thing Third | select name | Export-Csv '${file}' -NoTypeInformation
Get-Thing Other | select name | Export-Csv '${file}' -Append`);
    expect(complaints).toBe(`1 lines are in ${file}\n1 lines are in ${file}\n`);
    expect(await readFile(file, "utf8")).toBe("Name\r\nThird\r\nOther\r\n");
    await run(`Get-Thing Third | ft Name | Out-File ${file}
Get-Thing Third | fl Name >> ${file}`);
    expect(await readFile(file, "utf8")).toBe("Name\n----\nThird\nName : Third\n");
    expect(await run(`Get-Thing > ${directory}`)).toMatchObject({
      code: 1,
      complaints: expect.stringContaining("cannot be written"),
    });
    await writeFile(file, "10.0.0.7\r\n\r\n10.0.0.8\n");
    expect((await run(`Set-Thing X -Ranges (Get-Content ${file})`)).out).toBe(
      'set {"Identity":"X","Ranges":["10.0.0.7","10.0.0.8"]}\n',
    );
  });

  it.each([
    ["Get-Thing | where Status -eq Active", 0, "nothing fits where Status -eq Active\n"],
    ["Get-Thing Nope | fl", 1, "there is no thing\n"],
    [
      "Get-Thing | where Colour -eq red",
      2,
      "weir: line 1: there is no property Colour; there are name, status, messages, remoteIpRanges, Identity, MessageCount\n",
    ],
    ["Get-Thing | ft Colour", 2, "weir: line 1: there is no property Colour"],
    ["Get-Thing | fl | where Name -eq x", 2, "weir: line 1: there is text behind fl"],
    [
      "Get-Thing | select -Furst 3",
      2,
      "weir: line 1: Select-Object has no parameter -Furst; did you mean -First?",
    ],
    [
      "Get-Thing | % { $_.Name }",
      2,
      "weir: line 1: there is no % here: a command behind | is run for each object",
    ],
    ["Get-Thing | nonsense", 2, "weir: line 1: nonsense stands in no pipe"],
    ["Get-Thing | measure -Sum", 2, "weir: line 1: measure -Sum needs a property"],
    ["Get-Thing -Follow | fl", 2, "-Follow goes on without an end"],
    ["Get-Thing | select @{n='a';e={1}}", 2, "properties that are computed"],
    ["$x = Get-Thing", 2, "this shell has no variables"],
    ["Get-Thing $x", 2, "$x: this shell has no variables"],
    ["foreach ($x in 1) { }", 2, "foreach is not spoken here"],
    ["Set-Thing X -Ranges ((Get-Thing).RemoteIPRanges + '10.0.0.9')", 2, "@{Add='…';Remove='…'}"],
    ["Set-Thing (Get-Credential)", 2, "PasswordFile"],
    ["Set-Thing (Get-Content /nonexistent)", 1, "cannot be read"],
    ["Get-Thing 'x", 2, "weir: line 1: the file ends before '"],
    ["| fl", 2, "weir: line 1: there is no command before |"],
    [
      "Get-Thing Third | Add-ADPermission -User 'ANONYMOUS LOGON' -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient",
      2,
      "\n  weir Set-ReceiveConnector Third -AnonymousRelay true\n",
    ],
  ])("%s ends with %i", async (script, code, complaint) => {
    const ended = await run(script);
    expect(ended.code).toBe(code);
    expect(ended.complaints).toContain(complaint);
  });
});

describe("scripts", () => {
  it("tell the line of what was not done, and end with its exit code", async () => {
    const script = "# first\nGet-Thing Third |\n  Get-Nothing\nSet-Thing Other\nSet-Thing X";
    expect(await run(script)).toEqual({
      code: 2,
      out: 'set {"Identity":"Other"}\nset {"Identity":"X"}\n',
      complaints: expect.stringMatching(/^weir: line 2: Get-Nothing stands in no pipe/),
    });
    expect(await run(script, { stopOnError: true })).toMatchObject({ code: 2, out: "" });
  });

  it("end where exit says", async () => {
    expect(await run("Set-Thing X; exit; Set-Thing Y")).toMatchObject({
      code: 0,
      out: 'set {"Identity":"X"}\n',
    });
    expect((await run("Set-Thing Other\nexit")).code).toBe(1);
    expect((await run("exit 3")).code).toBe(3);
  });
});
