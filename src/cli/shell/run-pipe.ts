/** Commands joined by |: what the first shows runs as objects through those behind it. */
import { readFile } from "node:fs/promises";
import { bindArguments } from "../arguments/bind-arguments.ts";
import { findName } from "../arguments/find-name.ts";
import { splitList } from "../arguments/list.ts";
import type { Cmdlet } from "../cmdlet.ts";
import { cmdletWordFor } from "../exchange-words/cmdlets.ts";
import { toldWord } from "../exchange-words/told-word.ts";
import { CommandFault, type ExitCode } from "../exit-code.ts";
import { objectOf, propertyOf, type ShownObject } from "../objects/shown-object.ts";
import type { Collected, Output } from "../output/output.ts";
import { expressionOf, withoutProgram } from "./command-words.ts";
import { cutStatements, type Command, type Statement } from "./cut-statements.ts";
import { flowOf, type Flow, type Stage } from "./stage.ts";
import { findStage, stageWordFor } from "./stages/all.ts";
import { expand } from "./stages/choosing.ts";
import { printFlow } from "./stages/printing.ts";

export interface PipeContext {
  readonly output: Output;
  readonly cmdlets: readonly Cmdlet[];
  readonly runCommand: (words: readonly string[], output: Output) => Promise<ExitCode>;
}

export interface Piped {
  /** What came out at the end; undefined where all was said. */
  readonly flow: Flow | undefined;
  /** Of the first command that was not done. */
  readonly code: ExitCode;
}

/** `printing`: a command at the end prints itself; else all comes back as objects. Throws CommandFault. */
export async function runPipe(statement: Statement, context: PipeContext, printing: boolean): Promise<Piped> {
  const [first = [], ...rest] = statement;
  // Nothing is done where a later part cannot be.
  for (const command of rest)
    if (findStage(command[0]?.text ?? "") === undefined)
      placeOf(withoutProgram(command)[0]?.text ?? "", context);
  const head = withoutProgram(first);
  const expression = head[0]?.quoted === false ? expressionOf(head[0].text) : undefined;
  const begun =
    expression === undefined
      ? await collected(head, context)
      : { flow: await evaluate(head[0]?.text ?? "", context), code: 0 as const };
  let flow: Flow | undefined = begun.flow;
  let code: ExitCode = begun.code;
  for (const [index, command] of rest.entries()) {
    if (flow === undefined) break;
    const stage = findStage(command[0]?.text ?? "");
    if (stage !== undefined) {
      flow = await runStage(stage, flow, command, context);
      continue;
    }
    const each = await forEach(flow, withoutProgram(command), context, printing && index === rest.length - 1);
    flow = each.flow;
    if (code === 0) code = each.code;
  }
  return { flow, code };
}

const ofTheServer: ReadonlySet<string> = new Set(["Get-TransportService", "status"]);

/** `Get-TransportService | Get-MessageTrackingLog`: of one server, so that what stands before the | says nothing. */
export function withoutServer(statement: Statement, context: PipeContext): Statement {
  const [first = [], ...rest] = statement;
  const [second] = rest;
  const [server, command] = [first, second ?? []].map((it) => {
    const name = withoutProgram(it)[0];
    return name === undefined || name.quoted ? undefined : meantCmdlet(name.text, context);
  });
  return server !== undefined && command !== undefined && ofTheServer.has(server.name) ? rest : statement;
}

async function runStage(
  stage: Stage,
  flow: Flow,
  command: Command,
  context: PipeContext,
): Promise<Flow | undefined> {
  if (flow.text !== undefined && stage.takesText !== true)
    throw new CommandFault(
      `there is text behind fl, ft and ConvertTo-, and ${stage.name} needs objects: put it before them`,
      2,
    );
  const words = command.slice(1).map(({ text }) => text);
  const { output } = context;
  if (stage.raw === true) return stage.run(flow, new Map(), { output, words });
  const bound = bindArguments(stage, words);
  if (!bound.ok) throw new CommandFault(bound.faults.join("\nweir: "), 2);
  return stage.run(flow, bound.args, { output, words });
}

/** What a reading command would print, as objects. */
async function collected(command: Command, context: PipeContext): Promise<Piped> {
  const words = await expandedWords(command, context);
  if (words.some((word) => /^--?follow$/i.test(word)))
    throw new CommandFault("-Follow goes on without an end, and stands in no pipe", 2);
  const asked = words.filter((word) => !/^--?(?:json|csv|list|fl)$/i.test(word));
  const cmdlet = meantCmdlet(words[0] ?? "", context);
  const takesJson = cmdlet?.parameters.some(({ name }) => name === "Json") === true;
  const found: Collected[] = [];
  const output: Output = { ...context.output, collect: (some) => void found.push(some) };
  const code = await context.runCommand(takesJson ? [...asked, "-Json"] : asked, output);
  return { flow: joined(found), code };
}

/** Several results as one, each in its own form. */
function joined(found: readonly Flow[]): Flow | undefined {
  const [first] = found;
  if (found.length <= 1) return first;
  return {
    objects: found.flatMap(({ objects }) => objects),
    none: first?.none ?? "",
    show(objects, output, form) {
      const left = new Set<ShownObject>(objects);
      for (const one of found) {
        const own = one.objects.filter((object) => left.has(object));
        if (own.length > 0) printFlow({ ...one, objects: own }, output, form);
      }
    },
  };
}

/** `Get-Queue | Retry-Queue`: the command once for each object, which is told it by its identity. */
async function forEach(
  flow: Flow,
  command: Command,
  context: PipeContext,
  printing: boolean,
): Promise<Piped> {
  const name = command[0]?.text ?? "";
  const place = placeOf(name, context);
  if (flow.text !== undefined)
    throw new CommandFault(`there is text behind fl, ft and ConvertTo-, and ${name} needs objects`, 2);
  if (flow.objects.length === 0) {
    context.output.complain(`${flow.none}\n`);
    return { flow: undefined, code: 0 };
  }
  const flows: Flow[] = [];
  let code: ExitCode = 0;
  for (const object of flow.objects) {
    if (context.output.signal.aborted) break;
    const words: Command = [...command, { text: `-${place}:${identityOf(object, name)}`, quoted: false }];
    const one: Piped = printing
      ? {
          flow: undefined,
          code: await context.runCommand(await expandedWords(words, context), context.output),
        }
      : await collected(words, context);
    if (one.flow !== undefined) flows.push(one.flow);
    if (code === 0) code = one.code;
  }
  return { flow: joined(flows), code };
}

/** The parameter that takes the object of a pipe. */
function placeOf(name: string, context: PipeContext): string {
  const word = stageWordFor(name);
  if (word !== undefined) throw new CommandFault(`there is no ${name} here: ${word}`, 2);
  const cmdlet = meantCmdlet(name, context);
  const place = cmdlet?.parameters.find(({ position }) => position === 0)?.name;
  if (place !== undefined) return place;
  if (cmdlet !== undefined) throw new CommandFault(`${name} takes nothing out of a pipe`, 2);
  // A cmdlet of Exchange's that is not here says itself what to type, to some for each object.
  const answer = cmdletWordFor(name);
  if (answer !== undefined && "from" in answer) return "Identity";
  if (answer !== undefined) throw new CommandFault(toldWord(name, answer, []).join("\n"), 2);
  throw new CommandFault(
    `${name} stands in no pipe; fl, ft, select, where, sort, group, measure, Export-Csv, ConvertTo-Json and commands do`,
    2,
  );
}

function identityOf(object: ShownObject, name: string): string | number {
  for (const key of ["identity", "name", "value"]) {
    const identity = propertyOf(object, key);
    if (typeof identity === "string" || typeof identity === "number") return identity;
  }
  throw new CommandFault(`what stands before ${name} has no identity to tell it`, 2);
}

function meantCmdlet(name: string, { cmdlets }: PipeContext): Cmdlet | undefined {
  const found = findName(name, cmdlets, { exactly: true });
  if (found.kind === "found") return found.item;
  const answer = cmdletWordFor(name);
  if (answer === undefined || !("alias" in answer)) return undefined;
  return cmdlets.find((cmdlet) => cmdlet.name === answer.alias[0]);
}

/** `(Get-ReceiveConnector AppRelay).RemoteIPRanges`: the values; without a property the objects. */
async function evaluate(text: string, context: PipeContext): Promise<Flow | undefined> {
  const { inner = "", path: [name] = [] } = expressionOf(text) ?? {};
  const file = /^\s*(?:Get-Content|gc|cat|type)\s+(?:-Path\s+)?(['"]?)(.+?)\1\s*$/i.exec(inner)?.[2];
  if (file !== undefined) return linesOf(file);
  if (/^\s*Get-Credential\b/i.test(inner))
    throw new CommandFault(
      `nothing is asked for here; write "@{UserName='relay';PasswordFile='/etc/weir/password'}"`,
      2,
    );
  if (inner.replaceAll(/'[^']*'|"[^"]*"/g, "").includes("+"))
    throw new CommandFault(`${text}: a list is changed by @{Add='…';Remove='…'} here`, 2);
  const cut = cutStatements(inner);
  const [statement, another] = cut.kind === "statements" ? cut.statements : [];
  if (statement === undefined || another !== undefined)
    throw new CommandFault(
      `${text} is not understood; parentheses hold one command, as in (Get-Queue).Count`,
      2,
    );
  const values = literalsOf(statement);
  if (values !== undefined) return flowOf(values.map((value) => objectOf({ value })));
  const { flow } = await runPipe(statement, context, false);
  if (flow === undefined || name === undefined) return flow;
  return /^(?:count|length)$/i.test(name)
    ? flowOf([objectOf({ value: flow.objects.length })])
    : expand(flow.objects, name);
}

/** `("10.0.0.1","10.0.0.2")`: values and no command. */
function literalsOf([command, more]: Statement): readonly string[] | undefined {
  const [word, another] = command ?? [];
  if (word === undefined || another !== undefined || more !== undefined) return undefined;
  const isLiteral = word.quoted || word.text.includes(",") || /^[\d[:]/.test(word.text);
  return isLiteral ? (word.quoted ? [word.text] : splitList(word.text)) : undefined;
}

async function linesOf(file: string): Promise<Flow> {
  try {
    const lines = (await readFile(file, "utf8")).split(/\r?\n/).filter((line) => line.trim() !== "");
    return flowOf(
      lines.map((line) => objectOf({ value: line.trim() })),
      `${file} is empty`,
    );
  } catch (fault) {
    throw new CommandFault(`${file} cannot be read: ${fault instanceof Error ? fault.message : ""}`);
  }
}

/** The words of a command, with what stands in parentheses put in their place as a list. */
export async function expandedWords(command: Command, context: PipeContext): Promise<readonly string[]> {
  const words: string[] = [];
  for (const { text, quoted } of command) {
    const [, name = "", value = text] = /^(-\w+:)?(\$?\([^]*)$/.exec(text) ?? [];
    if (quoted || expressionOf(value) === undefined) {
      if (!quoted && /^\$(?!true$|false$|null$|_)\w/i.test(text))
        throw new CommandFault(`${text}: this shell has no variables; write the value itself`, 2);
      words.push(text);
      continue;
    }
    const flow = await evaluate(value, context);
    const items = (flow?.objects ?? []).map((object) => String(identityOf(object, text)));
    words.push(
      name + items.map((item) => (/[,'" ]/.test(item) ? `'${item.replaceAll("'", "''")}'` : item)).join(","),
    );
  }
  return words;
}
