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

# What others have in it, %SystemRoot% for one, must stay as it is written.
function Remove-FromMachinePath {
    param([string] $Folder)
    $place = 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($place, $true)
    try {
        $path = [string] $key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
        $without = ($path -split ';' | Where-Object { $_ -ne $Folder }) -join ';'
        if ($without -eq $path) { return }
        $key.SetValue('Path', $without, [Microsoft.Win32.RegistryValueKind]::ExpandString)
    } finally { $key.Close() }
    # Tells programs that run that the environment has changed.
    [Environment]::SetEnvironmentVariable('WeirPathChanged', $null, 'Machine')
}

# Get-PlainPath
. (Join-Path $PSScriptRoot 'paths.ps1')

$Program = Get-PlainPath $Program
$Data = Get-PlainPath $Data
$name = 'Weir'
if (-not $PSCmdlet.ShouldProcess($Program, 'remove Weir')) { return }

# This script stands in the folder that goes.
Set-Location -LiteralPath "$env:SystemDrive\"
[Environment]::CurrentDirectory = "$env:SystemDrive\"

if ($null -ne (Get-Service -Name $name -ErrorAction SilentlyContinue)) {
    Stop-Service -Name $name
    (Get-Service -Name $name).WaitForStatus('Stopped', [TimeSpan]::FromSeconds(60))
    & sc.exe delete $name
    if ($LASTEXITCODE -ne 0) { throw "sc.exe delete: exit code $LASTEXITCODE" }
}
if ($null -ne (Get-NetFirewallRule -Name 'Weir-SMTP' -ErrorAction SilentlyContinue)) {
    Remove-NetFirewallRule -Name 'Weir-SMTP'
}
Remove-FromMachinePath $Program
if ([Environment]::GetEnvironmentVariable('WEIR_CONFIG', 'Machine') -eq (Join-Path $Data 'weir.yaml')) {
    [Environment]::SetEnvironmentVariable('WEIR_CONFIG', $null, 'Machine')
}

if (Test-Path -LiteralPath $Program) { Remove-Item -LiteralPath $Program -Recurse -Force }
if ($RemoveData -and (Test-Path -LiteralPath $Data) -and $PSCmdlet.ShouldProcess($Data, 'remove configuration and all mail that waits')) {
    Remove-Item -LiteralPath $Data -Recurse -Force
} else {
    Write-Output "Configuration and mail stay in $Data"
}
