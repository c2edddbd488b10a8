/** What the shells need to ask `weir complete`. */

const bash = String.raw`# Completion of weir for bash.
_weir() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "$line")")
  done < <("${"$"}{COMP_WORDS[0]}" complete -- "${"$"}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _weir weir
`;

const zsh = String.raw`#compdef weir
# Completion of weir for zsh.
_weir() {
  local -a found
  found=("${"$"}{(@f)$("${"$"}{words[1]}" complete -- "${"$"}{(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${"$"}{(@)found:#}")
  if (( $#found )); then
    compadd -U -a found
  else
    _files
  fi
}
# Loaded by its name, from a folder of $fpath, it is asked at once.
if [[ "${"$"}{funcstack[1]}" == _weir ]]; then
  _weir "$@"
else
  compdef _weir weir
fi
`;

const powershell = String.raw`# Completion of weir for PowerShell.
Register-ArgumentCompleter -Native -CommandName weir -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.ToString().Trim("'", '"') })
  $next = if ($wordToComplete -eq '') { '-Next' } else { '-Next:false' }
  & $commandAst.CommandElements[0].ToString() complete $next '--' @words 2>$null | ForEach-Object {
    $text = if ($_ -match "[\s'$(){}@;,]") { "'" + $_.Replace("'", "''") + "'" } else { $_ }
    $kind = if ($_.StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }
    [System.Management.Automation.CompletionResult]::new($text, $_, $kind, $_)
  }
}
`;

export const completionScripts = { bash, zsh, powershell } as const satisfies Record<string, string>;
export type CompletedShell = keyof typeof completionScripts;

export function isCompletedShell(name: string): name is CompletedShell {
  return name in completionScripts;
}
