"""Mutation tests of rules and tables: a unit test must fail for each small fault put into them.

mutmut's operators make the mutants. mutmut itself is not run, because it only mutates undecorated functions: tables,
error classes and properties would be left out. Each mutant exists in the memory of a forked process, so the checkout is
never changed.

Not counted are mutants that cannot be imported, which any test would notice, and those of texts that survivors.toml
calls unread.
"""
