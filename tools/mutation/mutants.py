"""The mutants of a module, made by mutmut's operators."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in a module. The first four fields identify it, without a line number."""

    module: str
    where: str
    """The function, class or table with the fault."""
    original: str
    """The changed lines."""
    mutated: str
    """The lines after the change."""
    source: str = field(repr=False, compare=False)
    """The whole module with the fault in it."""
    of_text: bool = field(default=False, compare=False)
    """Whether only a text was changed."""


class _Everywhere(MutationVisitor):
    """Mutates decorated functions too, since properties are rules; decorators stay unchanged."""

    def __init__(self) -> None:
        super().__init__(mutation_operators, IgnoredCode(set(), set(), set()))

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.FunctionDef) and super()._skip_node_and_children(node)


def mutants_of(module: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of ``source``, the source of ``module``, in its order."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Everywhere()
    wrapper.visit(visitor)
    places = _places(ast.parse(source))
    seen = {source}
    for mutation in visitor.mutations:
        tree = wrapper.module.deep_replace(mutation.original_node, mutation.mutated_node)
        mutated = tree.code if isinstance(tree, cst.Module) else source
        if mutated not in seen:  # two operators may make the same fault
            seen.add(mutated)
            line, before, after = _difference(source.splitlines(), mutated.splitlines())
            of_text = isinstance(mutation.original_node, cst.SimpleString)
            yield Mutant(module, _where(places, line), before, after, mutated, of_text)


def _difference(before: list[str], after: list[str]) -> tuple[int, str, str]:
    """Return the number of the first changed line, and the changed lines of both, joined."""
    start = _equal(before, after)
    ends = _equal(before[:start:-1], after[:start:-1])
    changed = (lines[start : len(lines) - ends] for lines in (before, after))
    old, new = (" ".join(line.strip() for line in lines) for lines in changed)
    return start + 1, old, new


def _equal(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


_Place = tuple[int, int, str]


def _places(tree: ast.AST, outer: str = "") -> list[_Place]:
    """Return first line, last line and name of every function, class and module-level assignment."""
    found: list[_Place] = []
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                name = f"{outer}.{node.name}" if outer else node.name
                found += [(node.lineno, node.end_lineno or node.lineno, name), *_places(node, name)]
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)) if not outer:
                found.append((node.lineno, node.end_lineno or node.lineno, name))
            case _:
                pass
    return found


def _where(places: list[_Place], line: int) -> str:
    """Return the innermost place around ``line``."""
    around = [(first, name) for first, last, name in places if first <= line <= last]
    return max(around)[1] if around else "module"
