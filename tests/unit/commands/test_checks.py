"""`make lint`, `make check` and `make audit`: which checks run, and what they print."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import ROOT
from tools.affected_tests import affected_tests, changed_files
from tools.checks import AUDIT, LINT, Check, for_change, run
from tools.shipped import REQUIREMENTS

FILES = {
    "layers/shared/product/__init__.py": "",
    "layers/shared/product/rules.py": "LIMIT = 3\n",
    "layers/shared/product/verdict.py": "from product.rules import LIMIT\n",
    "functions/create_identity_image/pictures.py": "",
    "functions/other/app.py": "",
    "local/page/index.html": "",
    "local/server.py": 'PAGE = "page"\n',
    "tests/support/handlers.py": 'FOLDER = "functions"\n',
    "tests/unit/conftest.py": "",
    "tests/unit/images/test_pictures.py": "import pictures\n",
    "tests/unit/images/test_server.py": "from local import server\n",
    "tests/unit/product/conftest.py": "import product.rules\n@pytest.fixture\ndef limit(): ...\n",
    "tests/unit/product/test_limit.py": "def test_it(limit): ...\n",
    "tests/unit/product/test_named.py": "pytestmark = pytest.mark.usefixtures('limit')\n",
    "tests/unit/product/test_nothing.py": "",
    "tests/unit/product/test_verdict.py": "from product import verdict\n",
    "tests/unit/test_functions.py": "from tests.support.handlers import FOLDER\n",
    "tests/unit/test_template.py": 'TEMPLATE = "template.yaml"\n',
    "template.yaml": "",
}
LIMIT = ["product/test_limit.py", "product/test_named.py"]
ALL = sorted(path for path in FILES if Path(path).name.startswith("test_"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("layers/shared/product/verdict.py", ["product/test_verdict.py"]),
        ("layers/shared/product/rules.py", [*LIMIT, "product/test_verdict.py"]),
        ("layers/shared/product/__init__.py", [*LIMIT, "product/test_verdict.py"]),
        ("functions/create_identity_image/pictures.py", ["images/test_pictures.py", "test_functions.py"]),
        ("functions/other/app.py", ["test_functions.py"]),
        ("functions/deleted/app.py", ["test_functions.py"]),
        ("local/page/index.html", ["images/test_server.py"]),
        ("tests/unit/product/test_nothing.py", ["product/test_nothing.py"]),
        ("tests/unit/product/conftest.py", LIMIT),
        ("template.yaml", ["test_template.py"]),
        ("README.md", []),
    ],
)
def test_a_change_affects_the_tests_that_depend_on_it(checkout: Path, changed: str, tests: list[str]) -> None:
    """They import the file, directly or not, name it or its folder in a string, or use a fixture of its conftest.py."""
    assert affected_tests([changed], checkout) == [f"tests/unit/{test}" for test in tests]


@pytest.mark.parametrize("text", ["@pytest.fixture(autouse=True)\ndef clock(): ...", "def pytest_configure(): ..."])
def test_a_hook_or_a_fixture_for_all_affects_all_below(checkout: Path, text: str) -> None:
    """All tests below a conftest.py use it then."""
    (checkout / "tests/unit/product/conftest.py").write_text(f"import product.rules\n{text}\n")
    below = [test for test in ALL if test.startswith("tests/unit/product/")]
    assert affected_tests(["layers/shared/product/rules.py"], checkout) == below


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements/dev.txt", "tests/unit/conftest.py"])
def test_some_changes_affect_all_tests(checkout: Path, changed: str) -> None:
    """Settings, packages and what every test shares."""
    assert affected_tests(["README.md", changed], checkout) == ALL


@pytest.mark.parametrize("marks", ["pytest.mark.slow", "[pytest.mark.in_process, pytest.mark.slow]"])
def test_a_slow_file_is_affected_only_by_its_own_change(checkout: Path, marks: str) -> None:
    """It would make the fast command slow; `make test` runs it."""
    slow = checkout / "tests/unit/test_slow.py"
    slow.write_text(f"from product import rules\npytestmark = {marks}\n")
    assert "tests/unit/test_slow.py" not in affected_tests(["layers/shared/product/rules.py"], checkout)
    assert affected_tests(["tests/unit/test_slow.py"], checkout) == ["tests/unit/test_slow.py"]


def test_a_file_of_this_project_affects_some_of_its_tests() -> None:
    """The smoke test of the real checkout: a script of the wizard's page affects the tests of the wizard."""
    affected = affected_tests(["local/wizard/page/app.js"], ROOT)
    assert "tests/unit/test_wizard.py" in affected
    assert len(affected) < len([*ROOT.glob("tests/unit/**/test_*.py")])


def test_changes_are_counted_from_origin_main(tmp_path: Path) -> None:
    """Commits, uncommitted changes and new files since then count; without origin/main they are counted from HEAD."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607 - any git

    def write(*names: str) -> None:
        for name in names:
            (tmp_path / name).write_text(name * 2)

    git("init")
    write("kept.py", "committed.py", "changed.py", "moved.py")
    git("add", ".")
    git("commit", "-m", "First")
    write("new.py")
    assert changed_files(tmp_path) == ["new.py"]
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    (tmp_path / "committed.py").write_text("other")
    git("mv", "moved.py", "elsewhere.py")
    git("commit", "-a", "-m", "Second")
    (tmp_path / "changed.py").write_text("other")
    assert changed_files(tmp_path) == ["changed.py", "committed.py", "elsewhere.py", "moved.py", "new.py"]


def test_check_leaves_out_what_a_change_cannot_affect() -> None:
    """The checks of the template run only if the template or their settings change."""
    names = {check.name for check in LINT}
    assert {check.name for check in for_change(["README.md"], [])} == names - {"cfn-lint", "sam validate"}
    assert {check.name for check in for_change([".cfnlintrc"], [])} == names - {"sam validate"}
    assert {check.name for check in for_change(["template.yaml"], [])} == names


def test_check_runs_the_affected_tests_and_no_deep_ones() -> None:
    """They are given to pytest by file."""
    first, *others = for_change(["a.py"], ["tests/unit/test_a.py"])
    assert first.name == "unit tests (1 file)"
    assert first.command[-3:] == ("-m", "not deep", "tests/unit/test_a.py")
    assert {check.name for check in others} < {check.name for check in LINT}


def test_the_output_of_a_check_is_shown_only_if_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Every check has a line with its seconds or with `failed`; a command that does not exist fails too."""
    fine = Check("fine", (sys.executable, "-c", "print('not shown')"))
    bad = Check("bad", (sys.executable, "-c", "import sys; print('the reason'); sys.exit(3)"))
    absent = Check("absent", ("/does/not/exist",))
    assert run([fine])
    assert not run([fine, bad, absent])
    printed = capsys.readouterr().out
    assert "not shown" not in printed
    assert "\nbad:\nthe reason\n" in printed
    assert "\nabsent:\nNo such file or directory: /does/not/exist. Run: make environment\n" in printed
    assert sorted(line.split()[0] for line in printed.splitlines() if line.startswith("  ")) == [
        *("absent", "bad", "fine", "fine"),
    ]


def test_the_audit_reads_all_that_ships() -> None:
    """Every requirements file of a layer or function is in the list of licences and in the SBOM."""
    files = [*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("functions/*/requirements.txt")]
    assert sorted(path.relative_to(ROOT).as_posix() for path in files) == sorted(REQUIREMENTS)
    assert [check.name for check in AUDIT] == ["checkov", "licences and SBOM of shipped packages"]
