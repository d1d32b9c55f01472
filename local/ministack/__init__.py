"""Emulated AWS: MiniStack, and template.yaml built for this machine and deployed to it.

`emulator` runs MiniStack, `build` builds the template with SAM CLI, `deployment` deploys it and adds what MiniStack
leaves out. `background` starts what happens without an HTTP call.
"""
