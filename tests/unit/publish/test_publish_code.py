"""Versions and digests of code."""

import shutil
from pathlib import Path

import pytest

from egov_kpi.publish.code import code_version, model_digest, model_parts, models_of, seed_digest
from egov_kpi.settings import Settings


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    for folder in ("dbt_project/seeds", "dbt_project/models", "dbt_project/target", "src", "sql"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dbt_project/seeds/agency.csv").write_text("agency_code\n823\n")
    (tmp_path / "dbt_project/models/a.sql").write_text("select 1\n")
    (tmp_path / "src/a.py").write_text("A = 1\n")
    return Settings(project_root=tmp_path, local_dir=tmp_path / ".local")


def git_that_says(folder: Path, revision: str, status: str) -> str:
    """A PATH with a git of our own: the test must run where there is none."""
    script = folder / "git"
    script.write_text(f'#!/bin/sh\ncase "$*" in *rev-parse*) echo "{revision}";; *status*) echo "{status}";; esac\n')
    script.chmod(0o755)
    return str(folder)


def test_models_and_seeds_have_digests_of_their_own(project: Settings) -> None:
    models, seeds = model_digest(project), seed_digest(project)
    (project.dbt_dir / "models/a.sql").write_text("select 2\n")
    assert (model_digest(project) != models, seed_digest(project)) == (True, seeds)
    models = model_digest(project)
    (project.dbt_dir / "seeds/agency.csv").write_text("agency_code\n824\n")
    assert model_digest(project) != models
    assert seed_digest(project) != seeds


def test_lists_of_units_are_told_apart_from_the_rest(project: Settings) -> None:
    before = model_parts(project)
    (project.dbt_dir / "seeds/agency.csv").write_text("agency_code\n824\n")
    merged = model_parts(project)
    assert (merged["units"] != before["units"], merged["rest"]) == (True, before["rest"])
    (project.dbt_dir / "models/a.sql").write_text("select 2\n")
    assert (model_parts(project)["units"], model_parts(project)["rest"] != merged["rest"]) == (merged["units"], True)


def test_the_provinces_served_are_part_of_what_a_colour_is_built_with(project: Settings) -> None:
    every, one = (project.model_copy(update={"provinces": code, "source_base_url": "x"}) for code in ("", "82"))
    assert models_of(every, 7) == f"{model_digest(project)}:7"
    assert models_of(one, 7) == f"{model_digest(project)}:7:82"
    assert seed_digest(one) != seed_digest(every)
    assert model_parts(one)["units"] != model_parts(every)["units"]


def test_what_dbt_writes_is_not_code(project: Settings) -> None:
    before = model_digest(project)
    (project.dbt_dir / "target/a.sql").write_text("compiled\n")
    (project.dbt_dir / "README.md").write_text("words\n")
    assert model_digest(project) == before


def test_without_git_the_files_are_the_version(project: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    before = code_version(project)
    assert before.startswith("tree-")
    (project.project_root / "src/a.py").write_text("A = 2\n")
    assert code_version(project) != before


def test_with_git_the_revision_is_and_an_edit_shows(
    project: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", git_that_says(tmp_path, "0123456789ab", ""), prepend=":")
    assert code_version(project) == "0123456789ab"
    git_that_says(tmp_path, "0123456789ab", " M src/a.py")
    assert code_version(project).startswith("0123456789ab+")
