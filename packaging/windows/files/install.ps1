#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs or upgrades Weir as a Windows service.

.DESCRIPTION
Copies this folder to Program Files, makes C:\ProgramData\Weir with a weir.yaml where there is none, lets in there
administrators and the service alone, and runs the relay by Shawl under the service's own account, NT SERVICE\Weir.
Run again from the folder of a newer version it upgrades: the service is stopped while its files change.

.PARAMETER Shawl
shawl.exe, the service wrapper: winget install -e --id mtkennerly.shawl, or its releases page.

.PARAMETER Port
Ports that the firewall opens for Weir's node.exe. None: -Port @()

.EXAMPLE
.\install.ps1 -Shawl (Get-Command shawl).Source -Port 25, 587
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)]
    [ValidateScript({ Test-Path -LiteralPath $_ -PathType Leaf })]
    [string] $Shawl,

    [int[]] $Port = @(25),

    [string] $Program = (Join-Path $env:ProgramFiles 'Weir'),

    [string] $Data = (Join-Path $env:ProgramData 'Weir')
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'Weir'
$account = "NT SERVICE\$name"
$config = Join-Path $Data 'weir.yaml'

function Invoke-Program {
    param([string] $File, [string[]] $Words)
    & $File @Words
    if ($LASTEXITCODE -ne 0) { throw "$File $($Words -join ' '): exit code $LASTEXITCODE" }
}

if (-not $PSCmdlet.ShouldProcess($Program, 'install Weir')) { return }

# Upgrade: mail that waits, waits; parts of the program are loaded when they are used.
$service = Get-Service -Name $name -ErrorAction SilentlyContinue
if ($null -ne $service -and $service.Status -ne 'Stopped') {
    Stop-Service -Name $name
    (Get-Service -Name $name).WaitForStatus('Stopped', [TimeSpan]::FromSeconds(60))
}

# What was of the old version and is of the new one no more must not stay.
foreach ($part in 'bin', 'dist', 'node_modules') {
    $old = Join-Path $Program $part
    if (Test-Path -LiteralPath $old) { Remove-Item -LiteralPath $old -Recurse -Force }
}
New-Item -ItemType Directory -Path $Program -Force | Out-Null
Copy-Item -Path (Join-Path $PSScriptRoot '*') -Destination $Program -Recurse -Force
Copy-Item -LiteralPath $Shawl -Destination (Join-Path $Program 'shawl.exe') -Force
$node = Join-Path $Program 'node.exe'
$script = Join-Path $Program 'bin\weir.js'

New-Item -ItemType Directory -Path $Data -Force | Out-Null
if (-not (Test-Path -LiteralPath $config)) {
    Invoke-Program $node @($script, 'init', '--config', $config)
}
Invoke-Program $node @($script, 'check', '--config', $config)

if ($null -eq $service) {
    Invoke-Program (Join-Path $Program 'shawl.exe') @(
        'add', '--name', $name,
        '--cwd', $Data,
        '--log-dir', (Join-Path $Data 'service-log'),
        # Ctrl-C drains for up to 20 s.
        '--stop-timeout', '45000',
        '--',
        $node, '--max-semi-space-size=32', $script, 'start', '--config', $config, '--log-format', 'json'
    )
    Invoke-Program 'sc.exe' @('config', $name, 'start=', 'auto', 'obj=', $account, 'depend=', 'Tcpip')
    Invoke-Program 'sc.exe' @('description', $name, 'Application mail relay')
    Invoke-Program 'sc.exe' @('failure', $name, 'reset=', '86400', 'actions=', 'restart/5000/restart/5000/restart/60000')
}

# SYSTEM and administrators in full, the service to change; nobody else, whatever ProgramData says.
Invoke-Program 'icacls.exe' @(
    $Data, '/inheritance:r', '/grant:r',
    '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', "${account}:(OI)(CI)M"
)

Get-NetFirewallRule -Name 'Weir-SMTP' -ErrorAction SilentlyContinue | Remove-NetFirewallRule
if ($Port.Count -gt 0) {
    New-NetFirewallRule -Name 'Weir-SMTP' -DisplayName 'Weir (SMTP)' -Direction Inbound -Action Allow `
        -Protocol TCP -LocalPort $Port -Program $node | Out-Null
}

$path = [Environment]::GetEnvironmentVariable('Path', 'Machine')
if (($path -split ';') -notcontains $Program) {
    [Environment]::SetEnvironmentVariable('Path', "$($path.TrimEnd(';'));$Program", 'Machine')
}

Start-Service -Name $name
Invoke-Program $node @($script, '--version')
Write-Output "Weir runs. Configuration: $config. In a new elevated prompt: weir status"
