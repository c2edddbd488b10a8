#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Removes the service Weir. Configuration and mail stay, unless -RemoveData is given.
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    # Also the configuration, and the mail that waits.
    [switch] $RemoveData,

    [string] $Program = (Join-Path $env:ProgramFiles 'Weir'),

    [string] $Data = (Join-Path $env:ProgramData 'Weir')
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'Weir'
if (-not $PSCmdlet.ShouldProcess($Program, 'remove Weir')) { return }

if ($null -ne (Get-Service -Name $name -ErrorAction SilentlyContinue)) {
    Stop-Service -Name $name
    (Get-Service -Name $name).WaitForStatus('Stopped', [TimeSpan]::FromSeconds(60))
    & sc.exe delete $name
    if ($LASTEXITCODE -ne 0) { throw "sc.exe delete: exit code $LASTEXITCODE" }
}
Get-NetFirewallRule -Name 'Weir-SMTP' -ErrorAction SilentlyContinue | Remove-NetFirewallRule

$path = [Environment]::GetEnvironmentVariable('Path', 'Machine')
$without = ($path -split ';' | Where-Object { $_ -ne $Program }) -join ';'
if ($without -ne $path) { [Environment]::SetEnvironmentVariable('Path', $without, 'Machine') }

Remove-Item -LiteralPath $Program -Recurse -Force
if ($RemoveData -and $PSCmdlet.ShouldProcess($Data, 'remove configuration and all mail that waits')) {
    Remove-Item -LiteralPath $Data -Recurse -Force
} else {
    Write-Output "Configuration and mail stay in $Data"
}
