# Every command of the project. `make` alone lists them.
#   make nightly DATE=2023-03-07    EGOV_KPI_DATABASE_URL=postgresql://… make nightly

.DEFAULT_GOAL := help
.PHONY: help setup browser lock up down nightly doctor test test-all test-unit lint faults chaos gate-mutation proof an-giang bench-load bench-trace bench-report claims-measure clean

ifndef PYTHON
PYTHON := $(shell command -v python3.11 || command -v python3)
endif
BIN := $(CURDIR)/.venv/bin
# Everything runs from the project's own environment, whatever is first in the caller's PATH.
export PATH := $(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Images of Python often forbid it to keep what it compiled: then each of hundreds of processes compiles its imports anew.
unexport PYTHONDONTWRITEBYTECODE
PYTEST_ARGS ?=
# Kills of `make chaos`: so many at the level of a stage, so many under Airflow.
SEEDS ?= 12
AIRFLOW ?= 2
# What a benchmark is told, as in `make bench-trace BENCH_ARGS=--here`.
BENCH_ARGS ?=

help: ## Danh sách lệnh · this list
	@echo "egov-kpi-warehouse"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'
	@echo
	@echo "  make nightly DATE=2023-03-07            một ngày khác · another business date"
	@echo "  EGOV_KPI_DATABASE_URL=… make nightly    Postgres sẵn có · a Postgres server of yours (15 or later)"

setup: ## Cài đặt vào .venv theo requirements.lock · install the locked environment into .venv
	@test -n "$(PYTHON)" || { echo "cần Python 3.11 · Python 3.11 is needed" >&2; exit 3; }
	@"$(PYTHON)" src/egov_kpi/platform/bootstrap.py

browser: setup ## Chromium để thử trang báo cáo (root: tự cài) · the browser of the report's tests, installed if root
	@$(BIN)/python -m egov_kpi.platform.browser

lock: setup ## Tạo lại requirements.lock · make requirements.lock again from requirements.in
	@$(BIN)/python -m egov_kpi.platform.lock

up: setup ## Khởi động Postgres, nguồn mô phỏng, Airflow; in địa chỉ · start everything and print URL and login
	@$(BIN)/egov-kpi up

nightly: up ## Chạy một đêm rồi công bố (mặc định 2023-03-06) · run one night through Airflow and publish
	@$(BIN)/egov-kpi nightly $(if $(DATE),--date $(DATE))

down: ## Dừng mọi thứ đã khởi động · stop everything that was started
	@if [ -x $(BIN)/egov-kpi ]; then $(BIN)/egov-kpi down; else echo "chưa cài đặt · nothing is set up here"; fi

doctor: setup ## Kiểm tra cài đặt · check the installation
	@$(BIN)/egov-kpi doctor

test: setup browser lint ## Kiểm tra mã, chạy bài thử trừ các bài dài · lint, then the tests but the long ones
	@$(BIN)/python -m pytest -n 3 --no-loadscope-reorder -m "not long" $(PYTEST_ARGS)

test-all: setup browser lint ## Kiểm tra mã, chạy mọi bài thử · lint, then every test, the long ones too: about an hour
	@$(BIN)/python -m pytest -n 3 --no-loadscope-reorder $(PYTEST_ARGS)

test-unit: setup ## Bài thử nhanh, không cần Postgres · the quick tests, without Postgres
	@$(BIN)/python -m pytest -n 2 tests/unit $(PYTEST_ARGS)

lint: setup ## ruff, mypy, sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/mypy -n 2
	@# Python 3.11 warns of a semaphore of sqlfluff's pool that is gone already.
	@PYTHONWARNINGS="ignore:resource_tracker" $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar sql dbt_project/models dbt_project/tests

faults: setup ## Gây từng lỗi trong danh sách, in bảng kết quả · inject the known faults, print the table of outcomes
	@$(BIN)/python -m proofs.faults

chaos: setup ## Giết tiến trình theo hạt giống (SEEDS=n AIRFLOW=m), so mã băm · seeded SIGKILLs, then compare mart digests
	@$(BIN)/python -m proofs.chaos --seeds $(SEEDS) --airflow $(AIRFLOW)

gate-mutation: setup ## Cài lỗi có đáp án vào kết xuất sạch, đếm số bắt được · plant known defects, count those the gates catch
	@$(BIN)/python -m proofs.mutation

proof: setup ## Chạy mọi phép chứng minh, tối đa 60 phút · run every proof, at most 60 minutes, one table at the end
	@$(BIN)/python -m proofs.all

an-giang: setup ## An Giang 2023 đủ 1.143.000 hồ sơ: nạp, dựng, công bố, so · at full size, with time and memory
	@$(BIN)/python -m benchmarks.an_giang $(BENCH_ARGS)

bench-load: setup ## So tốc độ nạp với psql · loading a million rows, measured against psql side by side
	@$(BIN)/python benchmarks/bench_load.py

bench-trace: setup ## Đo thời gian truy vết trên một năm của tỉnh, tối đa 5 giây · traces of a province-year, 5 s at most
	@$(BIN)/python -m benchmarks.bench_trace $(BENCH_ARGS)

bench-report: setup ## Đo thời gian mở trang báo cáo đang xem, tối đa 1 giây · pages of the report shown, 1 s at most
	@$(BIN)/python benchmarks/bench_report.py $(BENCH_ARGS)

claims-measure: setup ## Đo bộ soát số liệu báo cáo · precision and recall of the claims checker
	@$(BIN)/python benchmarks/claims/measure.py

clean: ## Dừng và xóa mọi dữ liệu của bản cài này (.local) · stop, and delete all data of this installation (.local)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m egov_kpi.platform.clean; \
	elif [ -e .local ]; then echo "chạy make setup trước · run make setup first: a server may still be running" >&2; exit 4; fi
