"""What `make deploy` refuses, and the commands that it runs."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from local.deploy import RefusedError, Stage, changed_files, check, commands, current_commit, stages_of
from local.paths import ROOT
from local.sam_template import TEMPLATE, parameter_default, parameters_without_default

CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())
PARAMETERS = dict.fromkeys(parameters_without_default(), "x")
STAGE = Stage("dev", PARAMETERS)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


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
        subprocess.run(["git", *command], cwd=tmp_path, check=True)  # noqa: S607 - the git on the PATH
    return tmp_path


def test_a_clean_tree_has_no_changed_files(repository: Path) -> None:
    """So every deployment has a commit."""
    assert changed_files(repository) == []


def test_changed_and_untracked_files_are_named(repository: Path) -> None:
    """Also files in new folders, because the build includes them."""
    (repository / "a").write_text("2")
    (repository / "new").mkdir()
    (repository / "new" / "b").write_text("")
    assert changed_files(repository) == [" M a", "?? new/b"]


def test_outside_a_repository_the_error_of_git_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download without a repository cannot be deployed."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RefusedError, match="not a git repository"):
        changed_files(tmp_path)


def test_without_git_nothing_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names make doctor, which says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError, match=r"git is not installed.*see make doctor"):
        changed_files(tmp_path)


def test_a_dirty_tree_is_refused_with_its_files() -> None:
    """The message lists ten files and the number of the others."""
    assert " M a\n" in refusal(changed=(" M a",))
    many = refusal(changed=tuple(f"?? {at}" for at in range(12)))
    assert ("?? 9\n" in many, "?? 10" in many, "and 2 more" in many) == (True, False, True)


def test_a_clean_tree_with_all_parameters_is_deployed() -> None:
    """Nothing is refused."""
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
    """A stage is defined in samconfig.toml, which the build reads too."""
    assert refusal(further=(option, "x")).startswith(f"{option} belongs to the stage.")


def test_another_python_than_that_of_the_stage_is_refused() -> None:
    """Layers contain bytecode of one Python version."""
    with pytest.raises(RefusedError, match=r"runs on python3\.13, but this environment has python3\.14"):
        check(STAGE, [], [], "python3.14")
    check(Stage("dev", {**PARAMETERS, "PythonRuntime": "python3.14"}), [], [], "python3.14")


def test_missing_parameters_are_named_with_the_command_that_asks_for_them() -> None:
    """That command, with --guided, is not refused."""
    message = refusal(Stage("dev", {}))
    assert "does not set JwksUrl, TokenIssuer, TokenAudience." in message
    assert "make deploy STAGE=dev ARGS=--guided" in message
    check(Stage("dev", {}), ["--guided"], [], "python3.13")


@pytest.mark.parametrize(("name", "reason"), [("live", "Unknown stage live"), ("", "STAGE is missing")])
def test_an_unknown_stage_is_refused_and_the_stages_are_listed(name: str, reason: str) -> None:
    """The section `default` is not a stage."""
    with pytest.raises(RefusedError) as refused:
        Stage.of(name, config([]))
    assert str(refused.value) == f"{reason}. Stages in samconfig.toml: qa"
    with pytest.raises(RefusedError):
        Stage.of("default", config([]))


@pytest.mark.parametrize("overrides", ['A="b c" D=e=f Empty=""', ["A=b c", "D=e=f", "Empty="]])
def test_parameters_are_read_as_sam_writes_them(overrides: object) -> None:
    """One string, or a list."""
    assert Stage.of("qa", config(overrides)).parameters == {"A": "b c", "D": "e=f", "Empty": ""}


def test_the_build_gets_the_parameters_and_the_deployment_the_further_options() -> None:
    """Both for one stage, the build first: it compiles for the stage's Architecture and PythonRuntime."""
    build, deploy = commands(Stage("prod", {"Architecture": "x86_64"}), ["--no-execute-changeset"], COMMIT)
    assert build[1:] == ["build", "--config-env", "prod", "--parameter-overrides", 'Architecture="x86_64"']
    parameters = ["--parameter-overrides", 'Architecture="x86_64"', f"Release={COMMIT}"]
    assert deploy[1:] == ["deploy", "--config-env", "prod", *parameters, "--no-execute-changeset"]
    assert commands(Stage("prod", {}), [], COMMIT)[0][1:] == ["build", "--config-env", "prod"]


def test_the_release_is_the_commit(repository: Path) -> None:
    """So every commit publishes new versions of the functions, also if it changes only a parameter."""
    commit = current_commit(repository)
    assert re.fullmatch(TEMPLATE["Parameters"]["Release"]["AllowedPattern"], commit)
    _, deploy = commands(Stage("prod", {}), [], commit)
    assert deploy[-2:] == ["--parameter-overrides", f"Release={commit}"]


def test_the_build_gets_values_in_quotes() -> None:
    """SAM CLI ignores `WizardUrl=`, and would cut `1 hour` at the space."""
    build, _ = commands(Stage("dev", {"WizardUrl": "", "IdleEvery": "1 hour", "Text": 'a "word"'}), [], COMMIT)
    assert build[-3:] == ['WizardUrl=""', 'IdleEvery="1 hour"', r'Text="a \"word\""']


@pytest.mark.parametrize("option", ["--guided", "-g"])
def test_with_guided_the_change_set_is_not_executed(option: str) -> None:
    """The entered parameters are not committed yet, and the build did not have them."""
    assert commands(STAGE, [option], COMMIT)[1][-2:] == [option, "--no-execute-changeset"]
    assert "--no-execute-changeset" not in commands(STAGE, [], COMMIT)[1]


def test_the_stages_are_dev_and_prod() -> None:
    """Each has its own stack and secrets, so both can be in one account."""
    assert stages_of(CONFIG) == ["dev", "prod"]
    assert len({CONFIG[name]["global"]["parameters"]["stack_name"] for name in (*stages_of(CONFIG), "default")}) == 3
    assert len({Stage.of(name, CONFIG).parameter("SecretPrefix") for name in stages_of(CONFIG)}) == 2


@pytest.mark.parametrize("name", stages_of(CONFIG))
def test_every_stage_confirms_its_change_set(name: str) -> None:
    """And sets only parameters of the template."""
    assert CONFIG[name]["deploy"]["parameters"]["confirm_changeset"] is True
    assert set(Stage.of(name, CONFIG).parameters) <= set(TEMPLATE["Parameters"])


def test_prod_keeps_its_table() -> None:
    """DynamoDB rejects its deletion."""
    assert Stage.of("prod", CONFIG).parameter("DeletionProtection") == "true"


def test_a_parameter_that_is_not_set_has_the_default_of_the_template() -> None:
    """For example the Python version."""
    assert Stage("dev", {}).parameter("PythonRuntime") == parameter_default("PythonRuntime") == "python3.13"
