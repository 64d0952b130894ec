"""The workflow of the checks: its form is GitHub's, and it names the versions and targets that there are."""

import re
import subprocess
import sys
import tomllib

import pytest
from ruamel.yaml import YAML

from tests.conftest import REPO

WORKFLOW = REPO / ".github" / "workflows" / "ci.yml"


def checked(path):
    """The schema of GitHub's workflows, as check-jsonschema carries it, over a file."""
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(argv, capture_output=True, text=True)


def test_the_workflow_is_one():
    done = checked(WORKFLOW)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("right", "wrong"), [("runs-on:", "run-on:"), ("steps:", "step:"), ("jobs:", "jobs: [")])
def test_a_misspelt_workflow_is_refused(right, wrong, tmp_path):
    path = tmp_path / "ci.yml"
    path.write_text(WORKFLOW.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    assert checked(path).returncode == 1


def test_it_names_the_versions_that_the_package_promises():
    told = YAML(typ="safe").load(WORKFLOW)
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = told["jobs"]["test"]["strategy"]["matrix"]["python"]
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert named == promised and f">={named[0]}" == project["requires-python"]
    steps = [step.get("run", "") for job in told["jobs"].values() for step in job["steps"]]
    targets = re.findall(r"\bmake ([a-z-]+)", "\n".join(steps))
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test", "wheel"} <= set(targets)
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
