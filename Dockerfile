# One image for Airflow's services, the simulated sources and the command line.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --create-home egov \
    && install -d -o egov -g egov -m 0711 /var/lib/egov-kpi
WORKDIR /opt/egov-kpi

# The environment first: it changes less often than the rest.
COPY requirements.lock pyproject.toml ./
COPY src/ src/
RUN python src/egov_kpi/platform/bootstrap.py

COPY . .
USER egov
ENV PATH=/opt/egov-kpi/.venv/bin:$PATH \
    EGOV_KPI_LOCAL_DIR=/var/lib/egov-kpi
ENTRYPOINT ["python", "-m", "egov_kpi.platform.container"]
