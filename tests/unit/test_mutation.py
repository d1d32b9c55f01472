"""The mutants of `make mutation`, and the explanations of survivors."""

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
    """Tables, class attributes and properties are mutated; docstrings and annotations are not."""
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
    """The name of a mutant does not depend on its line."""
    moved = SOURCE.replace("CODES =", "# A comment.\n\nCODES =").replace("class", "MORE = 1\n\n\nclass")
    assert set(mutants_of("a", SOURCE)) <= set(mutants_of("a", moved))


def test_every_mutant_is_unique() -> None:
    """No two mutants have the same source."""
    sources = [one.source for one in mutants_of("a", SOURCE)]
    assert len({SOURCE, *sources}) == len(sources) + 1


def test_survivors_and_explanations_must_match() -> None:
    """An unexplained survivor is reported, and so is an explanation without a survivor."""
    one, other, *_ = mutants_of("a", SOURCE)
    known = Explanations.of({"survivors": [entry(one)], "unread": []})
    assert known.unexplained([one, other]) == [other]
    assert known.stale("a", [one], []) == []
    assert known.stale("a", [other], []) == [("a", one.where, one.original, one.mutated)]
    assert known.stale("b", [], []) == []


def test_only_the_texts_of_an_unread_place_are_left_out() -> None:
    """Numbers of an unread place are mutated anyway, and a place without texts is reported."""
    known = Explanations.of({"survivors": [], "unread": [{"module": "a", "where": ["CODES"], "reason": "Notes."}]})
    left_out = [one for one in mutants_of("a", SOURCE) if known.leave_out(one)]
    assert [one.mutated for one in left_out] == ['CODES = {"XXgoneXX": 404}', 'CODES = {"GONE": 404}']
    assert (known.stale("a", [], left_out), known.stale("a", [], [])) == ([], [("a", "CODES")])


def test_an_excluded_place_is_left_out_with_everything_in_it() -> None:
    """Methods of an excluded class are left out too, and an excluded place without mutants is reported."""
    tables = {"survivors": [], "unread": [], "excluded": [{"module": "a", "where": ["Answer"], "reason": "A flow."}]}
    known = Explanations.of(tables)
    left_out = [one for one in mutants_of("a", SOURCE) if known.leave_out(one)]
    assert {one.where for one in left_out} == {"Answer", "Answer.fine"}
    assert (known.stale("a", [], left_out), known.stale("a", [], [])) == ([], [("a", "Answer")])


def test_an_explanation_gives_a_reason() -> None:
    """An explanation without a reason is an error."""
    with pytest.raises(ValueError, match="reason"):
        Explanations.of({"survivors": [entry(next(mutants_of("a", SOURCE)), " ")], "unread": []})


def test_mutated_and_explained_modules_exist() -> None:
    """survivors.toml names only mutated modules, and their tests exist."""
    explained = read()
    assert {module for module, *_ in explained.survivors | explained.unread | explained.excluded} <= TESTS.keys()
    assert all((ROOT / test).is_file() for tests in TESTS.values() for test in tests)
