"""survivors.toml: why some mutants may survive, and what is not mutated."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mutation.mutants import Mutant

FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Explanations:
    """The content of the file."""

    survivors: frozenset[tuple[str, str, str, str]]
    """Module, place, original and mutated lines of each mutant that may survive."""
    unread: frozenset[tuple[str, str]]
    """Modules and places whose texts only people read, like comments."""
    excluded: frozenset[tuple[str, str]] = frozenset()
    """Modules and places that are not mutated, with everything in them."""

    @classmethod
    def of(cls, tables: dict[str, list[dict[str, Any]]]) -> "Explanations":
        """Return the explanations of ``tables``; each needs a reason."""
        if not all(table["reason"].strip() for kind in tables.values() for table in kind):
            raise ValueError("An explanation without a reason")
        return cls(
            frozenset(
                (table["module"], table["where"], original, mutated)
                for table in tables["survivors"]
                for original, mutated in table["mutants"]
            ),
            frozenset((table["module"], where) for table in tables["unread"] for where in table["where"]),
            frozenset((table["module"], where) for table in tables.get("excluded", []) for where in table["where"]),
        )

    def leave_out(self, mutant: Mutant) -> bool:
        """Return whether the mutant changes a text that no code reads, or an excluded place."""
        unread = mutant.of_text and (mutant.module, mutant.where) in self.unread
        return unread or (mutant.module, mutant.where.partition(".")[0]) in self.excluded

    def unexplained(self, survivors: Sequence[Mutant]) -> list[Mutant]:
        """Return the survivors without an explanation."""
        return [mutant for mutant in survivors if _name(mutant) not in self.survivors]

    def stale(self, module: str, survivors: Sequence[Mutant], left_out: Sequence[Mutant]) -> list[tuple[str, ...]]:
        """Return the explanations of ``module`` without such a survivor, text or place."""
        texts = {(mutant.module, mutant.where) for mutant in left_out}
        places = {(mutant.module, mutant.where.partition(".")[0]) for mutant in left_out}
        unneeded = [
            *(self.survivors - {_name(mutant) for mutant in survivors}),
            *(self.unread - texts),
            *(self.excluded - places),
        ]
        return sorted(named for named in unneeded if named[0] == module)


def read() -> Explanations:
    """Return the content of survivors.toml."""
    return Explanations.of(tomllib.loads(FILE.read_text(encoding="utf-8")))


def _name(mutant: Mutant) -> tuple[str, str, str, str]:
    return mutant.module, mutant.where, mutant.original, mutant.mutated
