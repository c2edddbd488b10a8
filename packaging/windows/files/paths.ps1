# Of install.ps1 and uninstall.ps1, which load it; by itself it does nothing.

# From where the prompt stands, which is not what .NET takes for the current directory.
function Get-PlainPath {
    param([string] $Path)
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    [IO.Path]::GetFullPath($full).TrimEnd('\')
}
