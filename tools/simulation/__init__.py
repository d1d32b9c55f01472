"""How readiness holds at scale: its real scheduling and pacing, driven by a simulated clock and a simulated TikTok.

`python -m tools.simulation` prints the tables; `--write` also writes docs/scaling.json, the figures of docs/scaling.md
and its plots.

Real: `publishing.readiness`' sweep, looks but for asking TikTok, records, decisions, cadence, pacing, requests and what
preflights refresh, on stores in memory. Simulated: time (`engine`), the workers' turns (`workers`), what people and
TikTok do (`population`, `tiktok`, `traffic`). How often a check asks TikTok is counted with the real check
(`profiles`). `assumptions` holds what nobody knows, `cases` what is varied, `freshness` and `tally` what is
measured, `figures`, `costs` and `limits` what comes of it, `report`, `plots` and `svg` what is shown.
"""
