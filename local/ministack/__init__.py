"""Emulated AWS: MiniStack, and template.yaml built for this machine and deployed to it.

`emulator` is MiniStack itself, `build` what `sam build` makes, `deployment` a deployed stack and `gateway_parity` what
MiniStack leaves out of it. `background` reaches the functions that nobody calls over HTTP, `invoke_template` prepares
`make invoke`.
"""
