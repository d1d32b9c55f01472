"""What `make deploy` refuses, and what it asks of SAM CLI."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from local.deploy import RefusedError, Stage, changed_files, check, commands, stages_of
from local.paths import ROOT
from local.sam_template import TEMPLATE, parameter_default, parameters_without_default

CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())
SAID = dict.fromkeys(parameters_without_default(), "x")
STAGE = Stage("dev", SAID)


def config(overrides: object) -> dict[str, Any]:
    return {
        "version": 0.1,
        "default": {"deploy": {}},
        "qa": {"deploy": {"parameters": {"parameter_overrides": overrides}}},
    }


def refusal(stage: Stage = STAGE, further: tuple[str, ...] = (), changed: tuple[str, ...] = ()) -> str:
    with pytest.raises(RefusedError) as refused:
        check(stage, list(further), list(changed), "python3.13")
    return str(refused.value)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    (tmp_path / "a").write_text("1")
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "a"], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)  # noqa: S607 - git, wherever it is
    return tmp_path


def test_a_clean_tree_has_no_changed_files(repository: Path) -> None:
    """Only then does a deployment have a commit."""
    assert changed_files(repository) == []


def test_changed_and_untracked_files_are_named(repository: Path) -> None:
    """Files in new folders too, as the build would take them."""
    (repository / "a").write_text("2")
    (repository / "new").mkdir()
    (repository / "new" / "b").write_text("")
    assert changed_files(repository) == [" M a", "?? new/b"]


def test_outside_a_repository_git_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download without its history cannot be deployed."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RefusedError, match="not a git repository"):
        changed_files(tmp_path)


def test_without_git_nothing_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so, and who tells what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError, match="there is no git: see make doctor"):
        changed_files(tmp_path)


def test_a_dirty_tree_is_refused_with_its_files() -> None:
    """Ten of them, and how many more there are."""
    assert " M a\n" in refusal(changed=(" M a",))
    many = refusal(changed=tuple(f"?? {at}" for at in range(12)))
    assert ("?? 9\n" in many, "?? 10" in many, "and 2 more" in many) == (True, False, True)


def test_what_is_clean_and_said_is_not_refused() -> None:
    """The guard opens."""
    check(STAGE, ["--no-execute-changeset"], [], "python3.13")


@pytest.mark.parametrize(
    "option",
    [
        "--stack-name",
        "--config-env=prod",
        "--parameter-overrides",
        "--template-file",
        "--template=other.yaml",
        "-tother.yaml",
    ],
)
def test_arguments_that_would_deploy_something_else_are_refused(option: str) -> None:
    """What a stage is stands in samconfig.toml, where the build reads it too."""
    assert refusal(further=(option, "x")).startswith(f"{option} is the stage's own")


def test_another_python_than_aws_runs_is_refused() -> None:
    """Layers hold what that very Python compiled."""
    with pytest.raises(RefusedError, match=r"AWS would run python3\.13.* here is python3\.14"):
        check(STAGE, [], [], "python3.14")
    check(Stage("dev", {**SAID, "PythonRuntime": "python3.14"}), [], [], "python3.14")


def test_parameters_that_nobody_said_are_asked_for_by_guided() -> None:
    """They are named, and the line that asks for them is not refused."""
    assert "JwksUrl, TokenIssuer, TokenAudience of dev: make deploy STAGE=dev ARGS=--guided" in refusal(
        Stage("dev", {})
    )
    check(Stage("dev", {}), ["--guided"], [], "python3.13")


@pytest.mark.parametrize(("name", "said"), [("live", "There is no stage live"), ("", "Say which stage, STAGE=…")])
def test_an_unknown_stage_is_refused_with_those_that_are_there(name: str, said: str) -> None:
    """`default` is none: it has no stage's name."""
    with pytest.raises(RefusedError) as refused:
        Stage.of(name, config([]))
    assert str(refused.value) == f"{said}: samconfig.toml has qa."
    with pytest.raises(RefusedError):
        Stage.of("default", config([]))


@pytest.mark.parametrize("overrides", ['A="b c" D=e=f Empty=""', ["A=b c", "D=e=f", "Empty="]])
def test_parameters_are_read_as_sam_writes_them(overrides: object) -> None:
    """A line, or a list."""
    assert Stage.of("qa", config(overrides)).parameters == {"A": "b c", "D": "e=f", "Empty": ""}


def test_the_build_gets_the_parameters_and_the_deployment_what_else_is_said() -> None:
    """Both of one stage, the build first: Architecture and PythonRuntime decide what it compiles."""
    build, deploy = commands(Stage("prod", {"Architecture": "x86_64"}), ["--no-execute-changeset"])
    assert build[1:] == ["build", "--config-env", "prod", "--parameter-overrides", 'Architecture="x86_64"']
    assert deploy[1:] == ["deploy", "--config-env", "prod", "--no-execute-changeset"]
    assert commands(Stage("prod", {}), [])[0][1:] == ["build", "--config-env", "prod"]


def test_the_build_gets_empty_values_and_blanks_in_quotes() -> None:
    """SAM CLI takes `WizardUrl=` for no parameter at all, and would end `1 hour` at its blank."""
    build, _ = commands(Stage("dev", {"WizardUrl": "", "IdleEvery": "1 hour", "Said": 'a "word"'}), [])
    assert build[-3:] == ['WizardUrl=""', 'IdleEvery="1 hour"', r'Said="a \"word\""']


@pytest.mark.parametrize("option", ["--guided", "-g"])
def test_what_guided_asks_is_shown_and_not_deployed(option: str) -> None:
    """It is not committed yet, and the build before it did not know of it."""
    assert commands(STAGE, [option])[1][-2:] == [option, "--no-execute-changeset"]
    assert "--no-execute-changeset" not in commands(STAGE, [])[1]


def test_the_stages_are_dev_and_prod() -> None:
    """Stacks and secrets of their own, so that both may live in one account."""
    assert stages_of(CONFIG) == ["dev", "prod"]
    assert len({CONFIG[name]["global"]["parameters"]["stack_name"] for name in (*stages_of(CONFIG), "default")}) == 3
    assert len({Stage.of(name, CONFIG).parameter("SecretPrefix") for name in stages_of(CONFIG)}) == 2


@pytest.mark.parametrize("name", stages_of(CONFIG))
def test_every_stage_shows_its_change_set_and_asks(name: str) -> None:
    """And names only parameters that the template has."""
    assert CONFIG[name]["deploy"]["parameters"]["confirm_changeset"] is True
    assert set(Stage.of(name, CONFIG).parameters) <= set(TEMPLATE["Parameters"])


def test_prod_keeps_its_table() -> None:
    """DynamoDB refuses to delete it."""
    assert Stage.of("prod", CONFIG).parameter("DeletionProtection") == "true"


def test_what_is_not_said_is_the_templates_default() -> None:
    """The Python that AWS runs, for one."""
    assert Stage("dev", {}).parameter("PythonRuntime") == parameter_default("PythonRuntime") == "python3.13"
