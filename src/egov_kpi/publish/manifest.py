"""The project as dbt read it, kept between builds.

dbt reads its project anew whenever its variables differ, and they differ in every build: some seconds each time. Only
the colour and the database have a say in what is read, since they are part of names. So what was read is kept per
colour, in `.local/dbt`, under a digest of the project's files and of dbt itself, and is told the database in hand.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from egov_kpi.publish.code import model_digest
from egov_kpi.settings import Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_DIGEST_BYTES = hashlib.sha256().digest_size


def kept(settings: Settings, colour: str, database: str, read: Callable[[], "Manifest"]) -> "Manifest":
    """The project for builds into this colour; `read` reads it where it was changed, or never read.

    Grain: one file per colour. A file that is damaged is read again, and written again.
    """
    path = folder(settings) / f"project-{colour}-{_version(settings)}.msgpack"
    manifest = _load(path)
    if manifest is None:
        manifest = read()
        _save(manifest, path)
    return _of_database(manifest, database)


def folder(settings: Settings) -> Path:
    return settings.local_dir / "dbt"


def _version(settings: Settings) -> str:
    from dbt.adapters.postgres import __version__ as adapter
    from dbt.version import __version__ as core

    return hashlib.sha256(f"{model_digest(settings)} {core} {adapter.version}".encode()).hexdigest()[:16]


def _load(path: Path) -> "Manifest | None":
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    content = path.read_bytes() if path.exists() else b""
    digest, packed = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if not packed or hashlib.sha256(packed).digest() != digest:
        return None
    return Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)


def _save(manifest: "Manifest", path: Path) -> None:
    """By rename, so that nobody reads half of it; what was kept of an older project goes."""
    from dbt.parser.manifest import extended_mashumaro_encoder

    packed = manifest.to_msgpack(extended_mashumaro_encoder)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(f".{uuid4().hex}")
    written.write_bytes(hashlib.sha256(packed).digest() + packed)
    written.rename(path)
    # of this colour; not what another process is writing, which has no name yet
    for older in path.parent.glob(path.name.rpartition("-")[0] + "-*.msgpack"):
        if older != path:
            older.unlink(missing_ok=True)


def _of_database(manifest: "Manifest", name: str) -> "Manifest":
    """The manifest with this database in the names of all its relations."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{node.database}"', f'"{name}"', 1)
        node.database = name
    return manifest
