"""What `make mutation` takes for a mutant, and which survivors it takes for explained."""

import pytest

from local.paths import ROOT
from tools.mutation.__main__ import TESTS
from tools.mutation.explanations import Explanations, read
from tools.mutation.mutants import Mutant, mutants_of

SOURCE = '''
"""A module."""
CODES = {"gone": 404}


class Answer:
    retry = False

    @property
    def fine(self) -> bool:
        """Documented."""
        return self.code < 300
'''


def entry(mutant: Mutant, reason: str = "Harmless.") -> dict[str, object]:
    mutants = [[mutant.original, mutant.mutated]]
    return {"module": mutant.module, "where": mutant.where, "reason": reason, "mutants": mutants}


def test_tables_and_class_attributes_and_properties_are_mutated() -> None:
    """Which is why mutmut is not run by itself; docstrings and annotations are left alone."""
    found = {(one.where, one.original, one.mutated) for one in mutants_of("a", SOURCE)}
    assert found == {
        ("CODES", 'CODES = {"gone": 404}', "CODES = None"),
        ("CODES", 'CODES = {"gone": 404}', 'CODES = {"XXgoneXX": 404}'),
        ("CODES", 'CODES = {"gone": 404}', 'CODES = {"GONE": 404}'),
        ("CODES", 'CODES = {"gone": 404}', 'CODES = {"gone": 405}'),
        ("Answer", "retry = False", "retry = None"),
        ("Answer", "retry = False", "retry = True"),
        ("Answer.fine", "return self.code < 300", "return self.code <= 300"),
        ("Answer.fine", "return self.code < 300", "return self.code < 301"),
    }


def test_a_mutant_has_the_same_name_wherever_its_lines_are() -> None:
    """So an explanation holds when lines come or go above it."""
    moved = SOURCE.replace("CODES =", "# A comment.\n\nCODES =").replace("class", "MORE = 1\n\n\nclass")
    assert set(mutants_of("a", SOURCE)) <= set(mutants_of("a", moved))


def test_every_mutant_changes_the_source_in_its_own_way() -> None:
    """No fault is tried twice."""
    sources = [one.source for one in mutants_of("a", SOURCE)]
    assert len({SOURCE, *sources}) == len(sources) + 1


def test_survivors_and_explanations_have_to_match() -> None:
    """A survivor that is not explained is told, and so is an explanation of what did not survive."""
    one, other, *_ = mutants_of("a", SOURCE)
    known = Explanations.of({"survivors": [entry(one)], "unread": []})
    assert known.unexplained([one, other]) == [other]
    assert known.stale("a", [one], []) == []
    assert known.stale("a", [other], []) == [("a", one.where, one.original, one.mutated)]
    assert known.stale("b", [], []) == []


def test_only_the_texts_of_an_unread_place_are_left_out() -> None:
    """Its numbers are mutated all the same, and a place without texts is told."""
    known = Explanations.of({"survivors": [], "unread": [{"module": "a", "where": ["CODES"], "reason": "Notes."}]})
    left_out = [one for one in mutants_of("a", SOURCE) if known.leave_out(one)]
    assert [one.mutated for one in left_out] == ['CODES = {"XXgoneXX": 404}', 'CODES = {"GONE": 404}']
    assert (known.stale("a", [], left_out), known.stale("a", [], [])) == ([], [("a", "CODES")])


def test_an_explanation_gives_a_reason() -> None:
    """An empty one explains nothing."""
    with pytest.raises(ValueError, match="reason"):
        Explanations.of({"survivors": [entry(next(mutants_of("a", SOURCE)), " ")], "unread": []})


def test_what_is_mutated_and_explained_exists() -> None:
    """The file can be read, names mutated modules only, and the modules' tests are there."""
    explained = read()
    assert {module for module, *_ in explained.survivors | explained.unread} <= TESTS.keys()
    assert all((ROOT / test).is_file() for tests in TESTS.values() for test in tests)
