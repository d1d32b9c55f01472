"""Emulated AWS: MiniStack, and template.yaml built for this machine and deployed to it.

`emulator` runs MiniStack. `build` runs SAM CLI and builds the template, `deployment` deploys what was built and adds what
MiniStack leaves out. `background` starts what happens without an HTTP call.
"""
