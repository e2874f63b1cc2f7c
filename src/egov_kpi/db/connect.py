"""Connections to the warehouse, one login per role.

Every other module asks here: nobody else builds a URL or reads a password of the database.
"""

from typing import Any, Literal, get_args
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from egov_kpi.errors import EgovError
from egov_kpi.platform.postgres import ensure_running
from egov_kpi.platform.secrets import secret
from egov_kpi.settings import Settings, get_settings

Role = Literal["superuser", "owner", "loader", "builder", "publisher", "custodian", "approver", "bi", "auditor"]
LOGINS: tuple[str, ...] = tuple(role for role in get_args(Role) if role != "superuser")
DEFAULT_DATABASE = "warehouse"


def login(role: str) -> str:
    """Name of the Postgres role behind one of ours."""
    return f"egov_{role}"


def password(settings: Settings, role: str) -> str:
    return secret(settings, f"role_{role}")


# Servers seen running by this process, by installation; asking each time would cost a probe per connection.
_running: dict[tuple[str, str], str] = {}


def _server_url(settings: Settings) -> str:
    key = (str(settings.local_dir), settings.database_url)
    if key not in _running:
        _running[key] = ensure_running(settings).url_superuser
    return _running[key]


def superuser_url(settings: Settings | None = None) -> str:
    """URL of the superuser with the warehouse's database; starts the embedded server when it is the one in use."""
    settings = settings or get_settings()
    parts = urlsplit(settings.database_url or _server_url(settings))
    return urlunsplit(parts._replace(path=f"/{parts.path.strip('/') or DEFAULT_DATABASE}"))


def role_url(role: str, settings: Settings | None = None) -> str:
    """libpq URL of a role, its password included; what `egov-kpi db url --role` prints."""
    settings = settings or get_settings()
    if role == "superuser":
        return superuser_url(settings)
    if role not in LOGINS:
        raise EgovError("EGOV-DB-006", role=role, known=", ".join(("superuser", *LOGINS)))
    parts = urlsplit(superuser_url(settings))
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    netloc = f"{login(role)}:{quote(password(settings, role), safe='')}@{host}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=netloc))


def connect(
    role: str = "owner", settings: Settings | None = None, autocommit: bool = False
) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection as one of our roles, in the timezone in which business dates are meant."""
    settings = settings or get_settings()
    try:
        return _connect(role, settings, autocommit)
    except psycopg.OperationalError:
        # The embedded server may have died since it was last seen: start it once more, then believe the answer.
        _running.clear()
    try:
        return _connect(role, settings, autocommit)
    except psycopg.OperationalError as error:
        raise EgovError("EGOV-DB-002", role=role, reason=str(error).strip()) from error


def _connect(role: str, settings: Settings, autocommit: bool) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(
        role_url(role, settings),
        autocommit=autocommit,
        application_name=f"egov-kpi {role}",
        options=f"-c timezone={settings.timezone}",
        connect_timeout=10,
    )
