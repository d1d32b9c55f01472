"""How fast the product is: what `sam build` made, measured on this machine against references of the same run.

`python -m local.bench` prints a table of aims, figures and verdicts; `--write` also writes docs/performance.json and
the tables of docs/performance.md.

What loads and calls built functions in fresh interpreters is in `in_lambda`. The measurements are `imports` (cold
starts), `fan_out` (TikTok), `overhead`, `sizes`, `load` (the whole stack) and `money`; `report` is the table.
"""
