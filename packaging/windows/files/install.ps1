#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs or upgrades Weir as a Windows service.

.DESCRIPTION
Copies this folder to Program Files, makes C:\ProgramData\Weir with a weir.yaml where there is none, lets in there
administrators and the service alone, and runs the relay by Shawl under the service's own account, NT SERVICE\Weir.
Run again from the folder of a newer version it upgrades: the service is stopped while its files change. Run again where
it is installed it changes the ports of the firewall's rule.

.PARAMETER Shawl
shawl.exe, the service wrapper: winget install -e --id mtkennerly.shawl, or its releases page. Default: the one that is
installed with Weir already, else the one on the path.

.PARAMETER Port
Ports that the firewall opens for Weir's node.exe. None: -Port ''

.EXAMPLE
.\install.ps1 -Port 25, 587
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Shawl,

    # Texts: of powershell -File "25,587" comes as one, and would be the number 25587.
    [string[]] $Port = @('25'),

    [string] $Program = (Join-Path $env:ProgramFiles 'Weir'),

    [string] $Data = (Join-Path $env:ProgramData 'Weir')
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Get-PlainPath
. (Join-Path $PSScriptRoot 'paths.ps1')

$Program = Get-PlainPath $Program
$Data = Get-PlainPath $Data
if ($Shawl) { $Shawl = Get-PlainPath $Shawl }
$ports = @($Port -split ',' | ForEach-Object { $_.Trim() } | Where-Object { $_ })
if (@($ports | Where-Object { $_ -notmatch '^\d{1,5}$' }).Count -gt 0) { throw "-Port takes numbers: $Port" }
$name = 'Weir'
$account = "NT SERVICE\$name"
$config = Join-Path $Data 'weir.yaml'
$system = 'S-1-5-18'
$administrators = 'S-1-5-32-544'

function Invoke-Program {
    param([string] $File, [string[]] $Words)
    & $File @Words
    if ($LASTEXITCODE -ne 0) { throw "$File $($Words -join ' '): exit code $LASTEXITCODE" }
}

# What others have in it, %SystemRoot% for one, must stay as it is written.
function Add-ToMachinePath {
    param([string] $Folder)
    $place = 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($place, $true)
    try {
        $path = [string] $key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
        if (($path -split ';') -contains $Folder) { return }
        $key.SetValue('Path', "$($path.TrimEnd(';'));$Folder", [Microsoft.Win32.RegistryValueKind]::ExpandString)
    } finally { $key.Close() }
    # Tells programs that run that the environment has changed.
    [Environment]::SetEnvironmentVariable('WeirPathChanged', $null, 'Machine')
}

$isInPlace = (Get-PlainPath $PSScriptRoot) -eq $Program
$installed = Join-Path $Program 'shawl.exe'
if (-not $Shawl) {
    $found = Get-Command 'shawl.exe' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (Test-Path -LiteralPath $installed -PathType Leaf) { $Shawl = $installed }
    elseif ($null -ne $found) { $Shawl = $found.Source }
}
if (-not $Shawl -or -not (Test-Path -LiteralPath $Shawl -PathType Leaf)) {
    throw 'shawl.exe is not found: winget install -e --id mtkennerly.shawl, or name it with -Shawl'
}
# Every user may make folders in ProgramData; who has made this one could change what the service reads.
if (Test-Path -LiteralPath $Data) {
    $owner = (Get-Acl -LiteralPath $Data).GetOwner([Security.Principal.SecurityIdentifier]).Value
    if ($owner -ne $system -and $owner -ne $administrators) {
        throw "$Data belongs to $owner, not to the administrators. Look at what is in it, then: icacls `"$Data`" /setowner *$administrators /T"
    }
}

if (-not $PSCmdlet.ShouldProcess($Program, 'install Weir')) { return }

# Open prompts in the folder would keep it from being renamed.
Set-Location -LiteralPath "$env:SystemDrive\"
[Environment]::CurrentDirectory = "$env:SystemDrive\"

if (-not (Test-Path -LiteralPath $Data)) {
    New-Item -ItemType Directory -Path $Data | Out-Null
    Invoke-Program 'icacls.exe' @($Data, '/setowner', "*$administrators")
}
# SYSTEM and administrators in full; nobody else, whatever ProgramData says.
Invoke-Program 'icacls.exe' @(
    $Data, '/inheritance:r', '/grant:r', "*${system}:(OI)(CI)F", "*${administrators}:(OI)(CI)F"
)

$fresh = "$Program.new"
$before = "$Program.before"
if ($isInPlace) { $fresh = $Program }
else {
    foreach ($left in $fresh, $before) {
        if (Test-Path -LiteralPath $left) { Remove-Item -LiteralPath $left -Recurse -Force }
    }
    New-Item -ItemType Directory -Path $fresh | Out-Null
    Get-ChildItem -LiteralPath $PSScriptRoot | Copy-Item -Destination $fresh -Recurse -Force
    Copy-Item -LiteralPath $Shawl -Destination (Join-Path $fresh 'shawl.exe') -Force
    # Of files that came from the Internet.
    Get-ChildItem -LiteralPath $fresh -Recurse -File | Unblock-File
}

# Before anything is stopped: a file with faults would leave no relay.
$freshNode = Join-Path $fresh 'node.exe'
$freshScript = Join-Path $fresh 'bin\weir.js'
if (-not (Test-Path -LiteralPath $config)) {
    Invoke-Program $freshNode @($freshScript, 'init', '--config', $config)
}
Invoke-Program $freshNode @($freshScript, 'check', '--config', $config)

# Upgrade: mail that waits, waits; parts of the program are loaded when they are used.
$service = Get-Service -Name $name -ErrorAction SilentlyContinue
if (-not $isInPlace) {
    $ran = $null -ne $service -and $service.Status -ne 'Stopped'
    if ($ran) {
        Stop-Service -Name $name
        (Get-Service -Name $name).WaitForStatus('Stopped', [TimeSpan]::FromSeconds(60))
    }
    try {
        if (Test-Path -LiteralPath $Program) { Rename-Item -LiteralPath $Program -NewName (Split-Path $before -Leaf) }
        Rename-Item -LiteralPath $fresh -NewName (Split-Path $Program -Leaf)
    } catch {
        # The old one again: something holds its folder, an open prompt say.
        if (-not (Test-Path -LiteralPath $Program) -and (Test-Path -LiteralPath $before)) {
            Rename-Item -LiteralPath $before -NewName (Split-Path $Program -Leaf)
        }
        if ($ran) { Start-Service -Name $name }
        throw
    }
}
$node = Join-Path $Program 'node.exe'
$script = Join-Path $Program 'bin\weir.js'

# What Node compiles of the program, once in place of at each start. It starts without it as well.
$compile = '"{0}"' -f (Join-Path $Program 'bin\compile.js')
Start-Process -FilePath $node -ArgumentList $compile -WindowStyle Hidden -Wait
Start-Process -FilePath $node -ArgumentList '--max-semi-space-size=32', $compile -WindowStyle Hidden -Wait

if ($null -eq $service) {
    Invoke-Program $installed @(
        'add', '--name', $name,
        '--cwd', $Data,
        # The relay's own lines, as they are; its wrapper's stand apart.
        '--log-dir', (Join-Path $Data 'service-log'), '--log-cmd-as', 'weir',
        '--log-rotate', 'daily', '--log-retain', '30',
        # A configuration with faults must not start Node without a pause.
        '--restart-delay', '5000',
        # Ctrl-C drains for up to 20 s.
        '--stop-timeout', '45000',
        '--',
        $node, '--max-semi-space-size=32', $script, 'start', '--config', $config, '--log-format', 'json'
    )
    Invoke-Program 'sc.exe' @('config', $name, 'start=', 'auto', 'obj=', $account, 'depend=', 'Tcpip')
    Invoke-Program 'sc.exe' @('description', $name, 'Application mail relay')
    Invoke-Program 'sc.exe' @('failure', $name, 'reset=', '86400', 'actions=', 'restart/5000/restart/5000/restart/60000')
}
# The account is known when the service is there.
Invoke-Program 'icacls.exe' @($Data, '/grant:r', "${account}:(OI)(CI)M")

Start-Service -Name $name

# What follows may fail, and mail comes in nevertheless.
if ($null -ne (Get-NetFirewallRule -Name 'Weir-SMTP' -ErrorAction SilentlyContinue)) {
    Remove-NetFirewallRule -Name 'Weir-SMTP'
}
if ($ports.Count -gt 0) {
    New-NetFirewallRule -Name 'Weir-SMTP' -DisplayName 'Weir (SMTP)' -Direction Inbound -Action Allow `
        -Protocol TCP -LocalPort $ports -Program $node | Out-Null
}
Add-ToMachinePath $Program
# Commands look in ProgramData unless this names another file.
if ($Data -ne (Join-Path $env:ProgramData 'Weir')) {
    [Environment]::SetEnvironmentVariable('WEIR_CONFIG', $config, 'Machine')
}
# A scanner may still hold a file of it; the next upgrade removes it then.
if (Test-Path -LiteralPath $before) { Remove-Item -LiteralPath $before -Recurse -Force -ErrorAction SilentlyContinue }

Invoke-Program $node @($script, '--version')
Write-Output "Weir runs. Configuration: $config. In a new elevated prompt: weir status"
