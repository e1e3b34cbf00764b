"""Binder, JupyterHub, the dev container and the workflow find in this repository what they read."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")


def pins(path: str) -> dict[str, str]:
    """The packages of a requirements.txt, each with its versions and what they depend on."""
    found: dict[str, str] = {}
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([a-z0-9-]+)(==.+)", line):
            found[match[1]] = found.get(match[1], "") + match[2]
    return found


def targets(commands: str) -> list[str]:
    """The make targets that commands name."""
    return re.findall(r"\bmake ((?:[a-z-]+|[\w./-]*\.installed))", commands)


def exists(target: str) -> bool:
    """Whether the Makefile has a target: by its name, or the environment's stamp."""
    return target == ".venv/.installed" or f"\n{target}:" in MAKEFILE


# ---- Binder ----


def test_binder_gets_the_tested_versions() -> None:
    """What a hub installs is pinned as what is tested, and has no development tool."""
    tested, hub = pins("requirements.txt"), pins("binder/requirements.txt")
    assert {name: pin for name, pin in hub.items() if tested.get(name) != pin} == {}
    assert {"notebook", "jupyterlab", "uvloop"} <= hub.keys()
    assert hub.keys() & {"ruff", "mypy", "sphinx", "playwright", "nbval"} == set()


def test_binder_installs_the_project() -> None:
    """The project itself is the first line, and is in the folder that pip is run in."""
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "-e ."


def test_binder_python_is_a_tested_one() -> None:
    """Without runtime.txt repo2docker takes the newest Python, which may not be tested."""
    name, _, python = (ROOT / "binder" / "runtime.txt").read_text().strip().partition("-")
    assert name == "python"
    assert python in WORKFLOW["jobs"]["linux"]["strategy"]["matrix"]["python"]
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such permission")
def test_post_build_may_be_run() -> None:
    """It is a program by its permission and its first line."""
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/bin/bash\n")


# ---- JupyterHub ----


class Settings(dict[str, Any]):
    """Takes any attribute, as traitlets' Config does."""

    def __getattr__(self, name: str) -> Settings:
        return self.setdefault(name, Settings())

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def test_jupyterhub_settings() -> None:
    """The file runs, and begins at a notebook that is there."""
    settings = Settings()
    source = (ROOT / "docs" / "jupyterhub_config.py").read_text(encoding="utf-8")
    exec(compile(source, "jupyterhub_config.py", "exec"), {"get_config": lambda: settings})
    assert settings.Spawner.cpu_guarantee < settings.Spawner.cpu_limit
    start = settings.Spawner.default_url.removeprefix("/lab/tree/")
    assert (ROOT / start).is_file()
    assert f"urlpath=lab/tree/{start}" in HOSTING
    for limit in (settings.Spawner.mem_limit, settings.Spawner.mem_guarantee):
        assert re.fullmatch(r"\d+[MG]", limit)
        assert f"`{limit}`" in HOSTING


def test_hosting_page_leads_to_files_that_exist() -> None:
    """Each link of the page to a file, and each make target, is there."""
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", HOSTING)]
    assert len(links) >= 3
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert targets(HOSTING)
    assert [target for target in targets(HOSTING) if not exists(target)] == []


# ---- the dev container ----


def test_devcontainer_uses_make() -> None:
    """It installs and opens the course by make, and forwards the port that it opens."""
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = SimpleNamespace(**json.loads(text))
    assert targets(container.postCreateCommand) == [".venv/.installed"]
    assert targets(container.postAttachCommand) == ["lab"]
    [port] = container.forwardPorts
    assert f"--port={port}" in container.postAttachCommand
    python = container.image.rpartition(":")[2]
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


# ---- the workflow ----


def runs() -> list[tuple[str, str]]:
    """Each command of the workflow, with its job; matrix values put in."""
    found = []
    for name, job in WORKFLOW["jobs"].items():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            for values in matrix.get("include", [{}]):
                command = step.get("run", "")
                for key, value in values.items():
                    command = command.replace(f"${{{{ matrix.{key} }}}}", value)
                found.append((name, command))
    return found


def test_workflow_calls_targets_that_exist() -> None:
    """Style, tests, pins, and the oldest and newest versions are all make targets."""
    called = {target for _, command in runs() for target in targets(command)}
    assert {"lint", "test", "check-pins", "test-newest", "test-oldest"} <= called
    assert [target for target in called if not exists(target)] == []
    assert [command for _, command in runs() if "${{" in command] == []


def test_windows_runs_what_the_readme_says() -> None:
    """What stands in the README for Windows is what is tested there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [command for job, command in runs() if job == "windows" and command]
    assert len(commands) == 3
    for command in commands[1:]:
        assert command.removesuffix(" --ignore tests/browser") in readme


@pytest.mark.parametrize("job", ["linux", "macos", "windows"])
def test_every_python_is_tested(job: str) -> None:
    """The workflow's matrix is what the project says it supports."""
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert WORKFLOW["jobs"][job]["strategy"]["matrix"]["python"] == versions


def test_ci_tests_every_python() -> None:
    """.ci/run calls targets that exist, has units on every Python, and what is pinned only once."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    call = r"^(?:reported |twice )?(?:on|in_chroot) (3\.\d+) (.+)$"
    calls = re.findall(call, script, re.MULTILINE)
    called = {version: set() for version, _ in calls}  # type: dict[str, set[str]]
    for version, names in calls:
        called[version].update(names.split())
    classifiers = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert [python for python in classifiers if "test-units" not in called[python]] == []
    assert [name for names in called.values() for name in names if not exists(name)] == []
    everything = {"lint", "check-pins", "test-units", "test-notebooks", "test-browser"}
    assert everything <= set.union(*called.values())


def test_hooks_run_the_make_targets_tools() -> None:
    """pre-commit runs the very tools of `make lint`, from .venv; nbstripout with its options."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [repo] = config["repos"]
    assert repo["repo"] == "local"
    entries = {hook["id"]: hook["entry"] for hook in repo["hooks"]}
    assert all(entry.startswith(".venv/bin/") for entry in entries.values())
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    lint = MAKEFILE.replace("\\\n\t", "").replace("$(BIN)", ".venv/bin")
    for entry in entries.values():
        assert entry.removesuffix(" --fix") in lint
