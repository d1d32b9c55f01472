"""Mutation tests of the rules and tables: each small fault put into them has to turn a unit test red.

mutmut makes the mutants. It is not run by itself, because it mutates nothing but the inside of undecorated functions:
the tables, the error classes and the properties, which are what this is about, would be left out. Each mutant lives in
the memory of a forked process, so the checkout is never changed.

Left out of the count are mutants that cannot even be imported, which any test at all would notice, and those of the
texts that survivors.toml calls unread.
"""
