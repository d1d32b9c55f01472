"""survivors.toml: why some mutants may survive, and which texts are not mutated at all."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mutation.mutants import Mutant

FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Explanations:
    """The file as it was read."""

    survivors: frozenset[tuple[str, str, str, str]]
    """Module, place, original and mutated lines of each mutant that may survive."""
    unread: frozenset[tuple[str, str]]
    """Modules and places in them whose texts nothing but people read, like comments."""

    @classmethod
    def of(cls, tables: dict[str, list[dict[str, Any]]]) -> "Explanations":
        """Read ``tables``; each needs a reason."""
        if not all(table["reason"].strip() for kind in tables.values() for table in kind):
            raise ValueError("An explanation without a reason")
        return cls(
            frozenset(
                (table["module"], table["where"], original, mutated)
                for table in tables["survivors"]
                for original, mutated in table["mutants"]
            ),
            frozenset((table["module"], where) for table in tables["unread"] for where in table["where"]),
        )

    def leave_out(self, mutant: Mutant) -> bool:
        """Whether nothing would read what ``mutant`` changes."""
        return mutant.of_text and (mutant.module, mutant.where) in self.unread

    def unexplained(self, survivors: Sequence[Mutant]) -> list[Mutant]:
        """Which of ``survivors`` nobody has explained."""
        return [mutant for mutant in survivors if _name(mutant) not in self.survivors]

    def stale(self, module: str, survivors: Sequence[Mutant], left_out: Sequence[Mutant]) -> list[tuple[str, ...]]:
        """What is explained of ``module`` although there is no such survivor or text (any more)."""
        texts = {(mutant.module, mutant.where) for mutant in left_out}
        unneeded = [*(self.survivors - {_name(mutant) for mutant in survivors}), *(self.unread - texts)]
        return sorted(named for named in unneeded if named[0] == module)


def read() -> Explanations:
    """What survivors.toml says."""
    return Explanations.of(tomllib.loads(FILE.read_text(encoding="utf-8")))


def _name(mutant: Mutant) -> tuple[str, str, str, str]:
    return mutant.module, mutant.where, mutant.original, mutant.mutated
