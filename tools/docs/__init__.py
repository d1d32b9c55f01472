"""The tables in docs/ that are written by the code: what stands between `<!-- code:NAME -->` and `<!-- end -->`."""
