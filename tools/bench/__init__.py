"""Measures the output of `sam build` on this machine, relative to references of the same run.

`python -m tools.bench` prints a table of aims, figures and results; `--write` also writes docs/performance.json and
the tables of docs/performance.md.

`harness` runs built functions, with the programs of `in_lambda` in fresh interpreters. The measurements are
`cold_starts`, `fan_out` (TikTok), `overhead`, `sizes`, `load` (the whole stack) and `costs`; `report` is the table.
"""
