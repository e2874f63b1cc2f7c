"""Every setting of the project, in one typed place.

Each can be given as an environment variable `EGOV_KPI_<NAME>`; the defaults run the whole warehouse on one machine.
"""

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parents[2]
# Codes of the provinces that the units of a simulated profile lie in.
PROVINCES_OF_PROFILE = {
    "calibrated": ("06", "22", "82"), "province": ("84",), "an-giang-2023": ("89",), "tra-vinh-2022": ("84",),
}  # fmt: skip


class Settings(BaseSettings):
    """Settings of one installation; read once per process by `get_settings`."""

    model_config = SettingsConfigDict(env_prefix="EGOV_KPI_", extra="ignore")

    project_root: Path = PROJECT_ROOT
    # Everything that a run writes: Postgres data, landing zone, secrets, logs, Airflow home.
    local_dir: Path = PROJECT_ROOT / ".local"

    # Superuser URL of a real server (Postgres 15 or later), database name included. Empty: the embedded Postgres.
    database_url: str = ""
    # Port of the embedded Postgres; 0 picks a free one and remembers it under local_dir.
    postgres_port: int = 0

    # Where Airflow's API server listens, and the address under which its other services reach it. Port 0 picks a free
    # one and remembers it. Containers set all three, because each of them has a loopback of its own.
    airflow_bind: str = "127.0.0.1"
    airflow_port: int = 0
    airflow_url: str = ""

    # Base URL of the source systems; the simulator's address when it is empty.
    source_base_url: str = ""
    # PEM file of the authorities that alone may vouch for the sources' TLS certificates; empty: the public ones.
    source_ca_file: str = ""
    simulator_port: int = 0
    simulator_profile: str = "calibrated"
    simulator_seed: int = 20230306

    # Codes of the provinces whose units the figures are about, with commas between them; rows of any other unit are
    # refused. Empty: those of the simulator's profile, or, with sources of your own, all in the list of units.
    provinces: str = ""

    # Where the head of the ledger is noted after each publish: files, git:REMOTE or smtp://HOST/ADDRESS, with commas
    # between them. Empty: a file under local_dir, which protects against nobody who can write the database.
    anchor: str = ""

    # The static report after every publish; without it `egov-kpi report build` makes one when asked.
    report_after_publish: bool = True

    # Months that raw rows and landed files are kept after the month of their load; `egov-kpi purge` removes older ones.
    retention_months: int = Field(default=24, ge=12)

    timezone: str = "Asia/Ho_Chi_Minh"
    # First business date that the 02:00 schedule may run by itself. Empty: nights are only started by hand, because the
    # simulated sources live in a calendar of their own and tonight must not mix with a night of 2023.
    first_night: date | None = None
    # A night started by hand waits this long for the verdicts and the publish before it says what is missing.
    night_timeout_seconds: int = 900
    # A blocked load that nobody decides on within this time is rejected.
    decision_timeout: timedelta = timedelta(days=3)
    # A service of Airflow that lives and doesn't beat for so long hangs. Longer than any start or restart takes; an
    # incident tells of it within five minutes.
    service_silence: timedelta = timedelta(minutes=3)

    @property
    def served_provinces(self) -> tuple[str, ...]:
        """Codes of the provinces served, sorted; empty for all of the list of units."""
        if self.provinces:
            return tuple(sorted(code.strip() for code in self.provinces.split(",") if code.strip()))
        return () if self.source_base_url else PROVINCES_OF_PROFILE.get(self.simulator_profile, ())

    @property
    def landing_dir(self) -> Path:
        return self.local_dir / "landing"

    @property
    def secrets_dir(self) -> Path:
        return self.local_dir / "secrets"

    @property
    def contracts_dir(self) -> Path:
        return self.project_root / "contracts"

    @property
    def expectations_dir(self) -> Path:
        return self.project_root / "expectations"

    @property
    def sql_dir(self) -> Path:
        return self.project_root / "sql"

    @property
    def dbt_dir(self) -> Path:
        return self.project_root / "dbt_project"


@lru_cache
def get_settings() -> Settings:
    return Settings()
