"""What a user runs: the product on this machine, and the commands that look after it.

Commands: `__main__` (make run and demo), `doctor`, `logs`, `invoke`, `deploy`. `stack` puts the local stack together:
`ministack` (emulated AWS), `tiktok_simulator`, `identity_provider`, `wizard` and `api_page`, with the teams of `demo`.
Several of them use `console`, `paths`, `sam_template`, `tool_programs` (what runs in `.tools`) and `loopback`.
"""
