/** Lines of YAML with the values of passwords replaced by stars, for whoever may see the file and not what opens others. */

const mask = "********";
const passwordOnOneLine = /(\bpassword["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,}#|>][^,}#]*)/gi;
/** The value is a block scalar or stands on the lines below. */
const passwordBelow = /^(\s*(?:- +)*)["']?password["']?\s*:\s*(?:[|>][-+\d]*)?\s*(?:#.*)?$/i;

/** As many lines as were given; one that holds a password, or part of one, shows stars in its place. */
export function maskedLines(lines: readonly string[]): readonly string[] {
  /** The column that lines of a value stand right of; undefined: not within one. */
  let keyAt: number | undefined;
  return lines.map((line) => {
    const indent = line.search(/\S/);
    if (keyAt !== undefined && indent > keyAt) return `${line.slice(0, indent)}${mask}`;
    if (indent >= 0) keyAt = passwordBelow.exec(line)?.[1]?.length;
    return line.replace(passwordOnOneLine, `$1${mask}`);
  });
}
