"""How readiness scales: its real scheduling and pacing, driven by a simulated clock and a simulated TikTok.

`python -m tools.simulation` prints the tables; `--write` also writes docs/scaling.json, the figures of docs/scaling.md
and its plots.

Real, on in-memory repositories: the sweep, checks except for asking TikTok, records, decisions, cadence, pacing, check
requests, and what preflights refresh, all of `publishing.readiness`. Simulated: time (`engine`), TikTok (`tiktok`,
which counts a check's calls with the real check), advertisers (`population`), and workers, people and changes
(`activity`). `assumptions` holds what is not known, `cases` what is varied. `run` runs a case, `measurements` counts
meanwhile, `figures` computes the results, costs and limits; `report` and `plots` show them.
"""
