"""What a user runs: the product on this machine, and the commands for it.

Commands: `__main__` (make run, make demo), `doctor`, `logs`, `invoke`, `deploy`.

Imports run one way, from first to last: `__main__`, `story` (the calls of make demo), `stack` (all that
make run starts), `wizard` (its page and the API's page), `demo` (people and their data), then `ministack` (emulated
AWS), `tiktok_simulator` and `identity_provider`, then `tool_programs` (programs that run in .tools), `sam_template`,
`loopback`, `console` and `paths`.
"""
