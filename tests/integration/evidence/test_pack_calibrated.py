"""The pack of a real publish, of the calibrated profile, under the hands that tests/unit/evidence/tampering.py has."""

import random
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tampering import (
    PAPER,
    Files,
    Packed,
    Tampering,
    byte_of_a_file,
    byte_of_the_archive,
    byte_of_the_list,
    end_of_the_archive,
    history_written_anew,
    row_of_a_file,
    without_a_file,
)

from egov_kpi.evidence import verify
from egov_kpi.evidence.anchor import anchor_head
from egov_kpi.evidence.export import export
from proofs.harness.cluster import cluster_of_tests
from proofs.harness.published import SEED, published

pytestmark = pytest.mark.long

# A few of each: the unit test does a thousand with a small pack, and a real one takes seconds to read.
CLASSES: dict[Tampering, int] = {
    byte_of_the_archive: 3,
    end_of_the_archive: 2,
    byte_of_a_file: 4,
    byte_of_the_list: 2,
    row_of_a_file: 3,
    without_a_file: 1,
    history_written_anew: 3,
}


class Found(Exception):
    """The check has found something: the rest of a large pack need not be read."""


class Impatient(verify.Check):
    """The verifier, up to its first word that something does not hold."""

    def say(self, *told: Any) -> None:
        super().say(*told)
        if self.findings[-1][0] == verify.BROKEN:
            raise Found


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Packed, Path]]:
    """The pack of publish 2, and a folder with its files."""
    folder = tmp_path_factory.mktemp("pack")
    cluster = cluster_of_tests()
    with cluster.world("calibrated", SEED, origin=published(cluster)) as world:
        anchor_head(world.settings)
        result = export(world.settings, 2, folder / "pack.zip")
        assert result.verdict == verify.OK, result.findings
    with zipfile.ZipFile(result.path) as archive:
        archive.extractall(folder / "files")
        members = {name: archive.read(name) for name in archive.namelist() if name != "pack.json"}
    packed = Packed(members, 2, result.last_event)
    assert packed.archive == result.path.read_bytes() and set(PAPER) < set(members)
    yield packed, folder / "files"
    shutil.rmtree(folder)


def is_found(path: Path) -> bool:
    """Whether the verifier ends otherwise than with 0."""
    try:
        return Impatient(path).run() != verify.OK
    except Found:
        return True


def in_folder(folder: Path, true: Packed, tampered: Files) -> bool:
    """The same of an unpacked pack, of which only what differs is written, and written back."""
    whole = true.listed(true.members)
    changed = {name for name in whole.keys() | tampered.keys() if whole.get(name) != tampered.get(name)}
    for name in changed:
        (folder / name).write_bytes(tampered[name]) if name in tampered else (folder / name).unlink()
    try:
        return is_found(folder)
    finally:
        for name in changed:
            (folder / name).write_bytes(whole[name])


@pytest.mark.parametrize("tampering", CLASSES, ids=lambda item: item.__name__)
def test_no_tampering_with_a_real_publish_passes(
    tampering: Tampering, true: tuple[Packed, Path], tmp_path: Path
) -> None:
    packed, folder = true
    passed = []
    for number in range(CLASSES[tampering]):
        tampered = tampering(random.Random(f"{tampering.__name__} {number}"), packed)
        if isinstance(tampered, bytes):
            (tmp_path / "pack.zip").write_bytes(tampered)
            found = is_found(tmp_path / "pack.zip")
        else:
            found = in_folder(folder, packed, tampered)
        if not found:
            passed.append(number)
    assert not passed
    if tampering is byte_of_a_file:
        assert not is_found(folder), "what was changed has been put back"
