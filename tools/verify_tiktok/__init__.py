"""`make verify-tiktok`: compares TikTok's answers with what this code expects of them, and records them.

`observe` makes the calls, `compare` finds agreements and surprises, `recordings` makes a set without names, ids and
tokens, and replays one. The expectations are the models and endpoints of `tiktok_business`: there is no second list.
"""
