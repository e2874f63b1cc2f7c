"""The kinds of defect: what each does to a clean export. Which rules may catch it stands in `key`.

A plant returns the export that a broken source would send, or None where the dataset has nothing that could break so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from egov_kpi.simulator.exports import TOTAL
from proofs.mutation.datasets import (
    ACCOUNTS,
    ACTIVITIES,
    APOLOGIES,
    CERTIFICATES,
    COMPONENTS,
    DATA_USES,
    DATASETS,
    DEVICES,
    DOCUMENTS,
    DOSSIERS,
    FEES,
    HANDOVERS,
    HEADCOUNT,
    INCOMING,
    MAILBOXES,
    ONE_STOP_UNITS,
    PAPER,
    PAUSES,
    PERIODIC_REPORTS,
    PETITIONS,
    PROCEDURES,
    PUBLICATIONS,
    RESULTS,
    SATISFACTION,
    SCORECARDS,
    SURVEYS,
    SYNCHRONISATION,
    TASKS,
    VERTICAL,
    WORK_FILES,
    Dataset,
    Export,
)
from proofs.mutation.source import csv_bytes


@dataclass(frozen=True)
class Ground:
    """What a defect is planted into: the clean export, the one before it, rows of last month, and the dice."""

    export: Export
    before: Export
    last_month: Export
    rng: np.random.Generator

    @property
    def dataset(self) -> Dataset:
        return self.export.dataset

    @property
    def rows(self) -> pd.DataFrame:
        return self.export.rows.copy()

    def some(self, share: float = 0.01, least: int = 1) -> np.ndarray:
        """Positions of a share of the rows, in order."""
        size = min(max(least, round(len(self.export.rows) * share)), len(self.export.rows))
        return np.sort(self.rng.choice(len(self.export.rows), size, replace=False))

    def with_rows(self, rows: pd.DataFrame) -> Export:
        return self.export.with_rows(rows)


Plant = Callable[[Ground], Export | None]


@dataclass(frozen=True)
class Defect:
    """One kind. `critical`: would publish a wrong figure if nobody noticed."""

    kind: str
    vi: str
    en: str
    plant: Plant
    critical: bool = True
    only: tuple[str, ...] = tuple(DATASETS)


DEFECTS: list[Defect] = []
# A scorecard is one unit's book of one date: of the general kinds those that it can have.
OF_A_BOOK = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "renamed_column", "dropped_column", "emptied_required",
    "unknown_agency", "halved", "first_half", "second_half", "every_second", "a_tenth_of_rows", "decimal_comma_lost",
    "survey_scored", "subtotal_as_row",
}  # fmt: skip
# What a portal sends as changes is a handful of rows a night: of the general kinds those that don't need many.
OF_A_PORTAL = {
    "conflict", "null_key", "doubled_total_kept", "renamed_column", "dropped_column", "emptied_required",
    "unknown_agency", "date_form", "future_date", "wide_digits", "halved", "web_page",
}  # fmt: skip
# Lists of a few rows a night, with no history to be held against: what a row or the question itself gives away.
OF_A_SHORT_LIST = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "renamed_column", "dropped_column", "emptied_required",
    "header_again", "unknown_agency", "future_date", "placeholder_date", "date_form", "halved", "header_only",
    "web_page",
}  # fmt: skip
# A register without counts, the same from month to month but for what came behind the appliance since.
OF_A_REGISTER = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "repeated_page", "renamed_column", "dropped_column",
    "emptied_required", "shifted_columns", "constant_agency", "header_again", "unknown_agency", "known_agency",
    "missing_agency", "date_form", "future_date", "mixed_snapshot", "wide_digits", "halved", "first_half",
    "second_half", "every_second", "a_tenth_of_rows", "relabelled", "header_only", "web_page",
}  # fmt: skip
# Times of the way through the offices, with no counts and no codes: what the times, the units and the window give away.
OF_A_WAY = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "repeated_page", "renamed_column", "dropped_column",
    "emptied_required", "unknown_agency", "known_agency", "date_form", "future_date", "wide_digits", "halved",
    "first_half", "header_only", "web_page",
}  # fmt: skip
OF_A_FEW = OF_A_WAY - {"repeated_page", "doubled", "known_agency", "first_half"}
# A form of a dozen rows, one per unit, with two counts.
OF_A_FORM = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "renamed_column", "dropped_column", "emptied_required",
    "header_again", "unknown_agency", "missing_agency", "date_form", "future_date", "mixed_snapshot", "wide_digits",
    "one_times_thousand", "negative", "locale_digits", "halved", "first_half", "second_half", "every_second",
    "a_tenth_of_rows", "relabelled", "header_only", "web_page",
}  # fmt: skip
# One agency's form of one month: a handful of lines.
OF_A_MONTHLY_FORM = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "renamed_column", "dropped_column", "emptied_required",
    "unknown_agency", "known_agency", "date_form", "future_date", "one_times_thousand", "negative", "halved",
}  # fmt: skip
# A result has no history to be held against but that its domains were all there.
OF_A_SURVEY = {
    "conflict", "null_key", "doubled", "doubled_total_kept", "renamed_column", "dropped_column", "emptied_required",
    "unknown_agency", "halved", "first_half", "second_half", "a_tenth_of_rows", "web_page",
}  # fmt: skip
# Datasets of which not every kind can be told.
FEW_KINDS = {
    SCORECARDS.id: OF_A_BOOK,
    PUBLICATIONS.id: OF_A_PORTAL,
    PETITIONS.id: OF_A_PORTAL,
    TASKS.id: OF_A_SHORT_LIST,
    DEVICES.id: OF_A_REGISTER,
    ONE_STOP_UNITS.id: OF_A_FORM,
    VERTICAL.id: OF_A_MONTHLY_FORM,
    SURVEYS.id: OF_A_SURVEY,
    PERIODIC_REPORTS.id: OF_A_SHORT_LIST | {"wide_digits"},
    ACTIVITIES.id: OF_A_SHORT_LIST | {"one_times_thousand", "negative", "wide_digits", "event_month_later"},
    ACCOUNTS.id: OF_A_REGISTER,
    WORK_FILES.id: OF_A_SHORT_LIST,
    INCOMING.id: OF_A_SHORT_LIST | {"event_month_later"},
    HANDOVERS.id: OF_A_WAY,
    SYNCHRONISATION.id: OF_A_WAY,
    COMPONENTS.id: OF_A_WAY,
    # All of it is codes.
    DATA_USES.id: OF_A_WAY | {"constant_code"},
    FEES.id: OF_A_REGISTER,
    RESULTS.id: OF_A_WAY,
    SATISFACTION.id: OF_A_WAY,
    # A few a night: halves of it say nothing.
    PAUSES.id: OF_A_FEW,
    APOLOGIES.id: OF_A_FEW,
}


def defect(
    kind: str, vi: str, en: str, *, critical: bool = True, only: tuple[Dataset, ...] = tuple(DATASETS.values())
) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        fitting = [item.id for item in only if kind in FEW_KINDS.get(item.id, {kind})]
        DEFECTS.append(Defect(kind, vi, en, plant, critical, tuple(fitting)))
        return plant

    return register


SNAPSHOTS = (MAILBOXES, HEADCOUNT, CERTIFICATES, PROCEDURES, FEES, DEVICES, ACCOUNTS, ONE_STOP_UNITS)
FILES = (DOSSIERS, MAILBOXES, HEADCOUNT, CERTIFICATES, PAPER, DEVICES, ONE_STOP_UNITS, PERIODIC_REPORTS)


def _moved(values: pd.Series, form: str, **by: int) -> pd.Series:
    """Dates as text, moved; what is empty stays empty."""
    moved = pd.to_datetime(values, format=form, errors="coerce") + pd.DateOffset(**by)  # type: ignore[arg-type]
    return moved.dt.strftime(form).where(values != "", "").fillna("")


def _set(ground: Ground, places: np.ndarray, column: str, value: str) -> Export:
    rows = ground.rows
    rows.loc[places, column] = value
    return ground.with_rows(rows)


def _event_dates(dataset: Dataset) -> list[str]:
    """The dates that rows tell of, less version and snapshot date."""
    own = {dataset.version, dataset.snapshot}
    return [name for name in dataset.dates if name not in own]


# --- keys and repetitions ---------------------------------------------------------------------------------------------


@defect("conflict", "trùng khóa, khác nội dung", "same key and version, other content")
def conflict(ground: Ground) -> Export:
    column, one, other = ground.dataset.other
    copies = ground.export.rows.iloc[ground.some(least=2)].copy()
    copies[column] = np.where(copies[column] == one, other, one)
    return ground.with_rows(pd.concat([ground.rows, copies]))


@defect("null_key", "khóa để trống", "key left empty")
def null_key(ground: Ground) -> Export:
    return _set(ground, ground.some(), ground.dataset.key, "")


@defect("doubled", "tệp ghép hai lần, dòng tổng đã sửa", "file written twice, total adjusted", critical=False)
def doubled(ground: Ground) -> Export:
    return ground.with_rows(pd.concat([ground.rows, ground.rows]))


@defect("doubled_total_kept", "tệp ghép hai lần, dòng tổng cũ", "file written twice, total as before")
def doubled_total_kept(ground: Ground) -> Export:
    size = len(ground.export.rows)
    return replace(doubled(ground), total=size, declared=size)


@defect("repeated_page", "một trang lặp lại thay cho trang sau", "one page again in place of the next")
def repeated_page(ground: Ground) -> Export | None:
    half = len(ground.export.rows) // 2
    return ground.with_rows(pd.concat([ground.rows.iloc[:half]] * 2)) if half >= 20 else None


@defect(
    "copied_month",
    "chép lại tháng trước dưới khóa mới",
    "last month's rows again under new keys",
    only=tuple(item for item in DATASETS.values() if item is not HEADCOUNT),
)
def copied_month(ground: Ground) -> Export | None:
    dataset = ground.dataset
    if dataset is HEADCOUNT:
        return None
    copies = ground.last_month.rows.copy()
    copies[dataset.key] = _new_keys(dataset, copies)
    for name in filter(None, (dataset.version, dataset.snapshot)):
        copies[name] = ground.export.rows[name].iloc[-1]
    return ground.with_rows(pd.concat([ground.rows, copies]))


def _new_keys(dataset: Dataset, rows: pd.DataFrame) -> pd.Series:
    """Keys of the same form that nobody has had."""
    place = pd.Series(range(len(rows)), index=rows.index)
    if dataset is DOSSIERS:
        return rows[dataset.key].str.slice(0, -4) + (9000 - place % 4000).astype(str)
    if dataset is DOCUMENTS:
        return rows[dataset.key].str.slice(0, -5) + (90000 + place).astype(str)
    if dataset is MAILBOXES:
        return "canbo9" + place.astype(str).str.zfill(6) + "@thu.example"
    if dataset is PROCEDURES:
        return "9." + place.astype(str).str.zfill(6)
    return (9000 + place).astype(str) + ("/QĐ-UBND" if dataset is CERTIFICATES else "")


# --- columns ----------------------------------------------------------------------------------------------------------


@defect("renamed_column", "cột bị đổi tên", "column renamed")
def renamed_column(ground: Ground) -> Export:
    return ground.with_rows(ground.rows.rename(columns={ground.dataset.required: "Cột mới 1"}))


@defect("dropped_column", "mất một cột bắt buộc", "required column dropped")
def dropped_column(ground: Ground) -> Export:
    return ground.with_rows(ground.rows.drop(columns=ground.dataset.required))


@defect("dropped_optional", "mất một cột không bắt buộc", "optional column dropped")
def dropped_optional(ground: Ground) -> Export | None:
    column = ground.dataset.optional
    return ground.with_rows(ground.rows.drop(columns=column)) if column else None


@defect(
    "emptied_optional",
    "một cột để trống toàn bộ",
    "optional column emptied",
    only=tuple(item for item in DATASETS.values() if item is not HEADCOUNT),
)
def emptied_optional(ground: Ground) -> Export | None:
    column = ground.dataset.optional
    return _set(ground, ground.rows.index.to_numpy(), column, "") if column else None


@defect("emptied_required", "cột bắt buộc để trống toàn bộ", "required column emptied")
def emptied_required(ground: Ground) -> Export:
    return _set(ground, ground.rows.index.to_numpy(), ground.dataset.required, "")


@defect("shifted_columns", "giá trị lệch sang cột bên", "values one column to the right")
def shifted_columns(ground: Ground) -> Export:
    rows = ground.rows
    return ground.with_rows(pd.DataFrame(np.roll(rows.to_numpy(), 1, axis=1), columns=rows.columns))


@defect("sorted_alone", "một cột bị sắp xếp riêng", "one column sorted by itself", only=(DOSSIERS, MAILBOXES, PAPER))
def sorted_alone(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    column = dataset.agency if dataset is MAILBOXES else dataset.event
    rows[column] = ground.rng.permutation(rows[column].to_numpy()) if dataset is MAILBOXES else _sorted(rows, column)
    return ground.with_rows(rows)


def _sorted(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Sorted as a spreadsheet sorts text, backwards."""
    return np.sort(rows[column].to_numpy())[::-1]


@defect("constant_agency", "mọi dòng cùng một đơn vị", "every row under one unit")
def constant_agency(ground: Ground) -> Export | None:
    dataset = ground.dataset
    if dataset is PAPER:
        return None
    return _set(ground, ground.rows.index.to_numpy(), dataset.agency, ground.export.rows[dataset.agency].iloc[0])


@defect(
    "constant_code",
    "mọi dòng cùng một mã",
    "every row with the same code",
    only=(DOSSIERS, DOCUMENTS, PROCEDURES, MAILBOXES),
)
def constant_code(ground: Ground) -> Export:
    column = ground.dataset.codes[0]
    rarest = ground.export.rows[column].value_counts().index[-1]
    return _set(ground, ground.rows.index.to_numpy(), column, rarest)


@defect(
    "constant_date",
    "mọi dòng cùng một ngày",
    "every row with the same date",
    only=(DOSSIERS, DOCUMENTS, MAILBOXES, PAPER),
)
def constant_date(ground: Ground) -> Export:
    dataset = ground.dataset
    column = dataset.event if dataset is not DOCUMENTS else "ThoiDiemKyCaNhan"
    earliest = pd.to_datetime(ground.rows[column], format=dataset.dates[column], errors="coerce").min()
    return _set(ground, ground.rows.index.to_numpy(), column, earliest.strftime(dataset.dates[column]))


@defect("header_again", "dòng tiêu đề lặp lại giữa tệp", "header line again in the middle", critical=False, only=FILES)
def header_again(ground: Ground) -> Export:
    rows, half = ground.rows, len(ground.export.rows) // 2
    header = pd.DataFrame([list(rows.columns)], columns=rows.columns)
    return ground.with_rows(pd.concat([rows.iloc[:half], header, rows.iloc[half:]]))


# --- units ------------------------------------------------------------------------------------------------------------


@defect("unknown_agency", "mã đơn vị không tồn tại", "unknown unit code")
def unknown_agency(ground: Ground) -> Export:
    return _set(ground, ground.some(), ground.dataset.agency, "99999")


@defect("known_agency", "dòng của một đơn vị mang mã đơn vị khác", "one unit's rows under another unit's code")
def known_agency(ground: Ground) -> Export:
    rows, column = ground.rows, ground.dataset.agency
    units = rows[column].value_counts().index
    if len(units) == 1:
        other = ground.before.rows[column].iloc[0]
        rows[column] = other if other != units[0] else "29308"
    else:
        rows[column] = rows[column].replace({units[0]: units[1]})
    return ground.with_rows(rows)


# Not critical: of a delta a unit with a handful of rows cannot be missed, and it comes with the next window.
@defect(
    "missing_agency",
    "thiếu trọn một đơn vị",
    "one unit missing",
    critical=False,
    only=tuple(item for item in DATASETS.values() if item is not PAPER),
)
def missing_agency(ground: Ground) -> Export | None:
    rows, column = ground.rows, ground.dataset.agency
    units = rows[column].value_counts().index
    return ground.with_rows(rows[rows[column] != units[0]]) if len(units) > 1 else None


@defect(
    "foreign_province",
    "tệp của tỉnh khác",
    "another province's file",
    only=(DOSSIERS, MAILBOXES, HEADCOUNT, PROCEDURES),
)
def foreign_province(ground: Ground) -> Export:
    rows, column = ground.rows, ground.dataset.agency
    units = sorted(rows[column].unique())
    foreign = ["82", "823", "824", "28651", "28654", "28657", "28660", "28663"]
    return ground.with_rows(rows.assign(**{column: rows[column].map(lambda code: foreign[units.index(code) % 8])}))


# --- dates ------------------------------------------------------------------------------------------------------------


@defect("month_later", "mọi ngày muộn một tháng", "all dates a month later")
def month_later(ground: Ground) -> Export | None:
    rows, dataset = ground.rows, ground.dataset
    names = _event_dates(dataset)
    for name in names:
        rows[name] = _moved(rows[name], dataset.dates[name], months=1)
    return ground.with_rows(rows) if names else None


@defect(
    "event_month_later",
    "một cột ngày muộn một tháng",
    "main date a month later",
    only=tuple(item for item in DATASETS.values() if item is not PROCEDURES),
)
def event_month_later(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    rows[dataset.event] = _moved(rows[dataset.event], dataset.dates[dataset.event], months=1)
    return ground.with_rows(rows)


@defect("event_month_earlier", "một cột ngày sớm một tháng", "main date a month earlier")
def event_month_earlier(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    rows[dataset.event] = _moved(rows[dataset.event], dataset.dates[dataset.event], months=-1)
    return ground.with_rows(rows)


@defect("day_month_swapped", "ngày và tháng đổi chỗ", "day and month swapped")
def day_month_swapped(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    pattern, swap = (r"^(\d+)/(\d+)/", r"\2/\1/") if dataset.shape != "json" else (r"^(\d+)-(\d+)-(\d+)", r"\1-\3-\2")
    for name in dataset.dates:
        rows[name] = rows[name].str.replace(pattern, swap, regex=True)
    return ground.with_rows(rows)


@defect("date_form", "ngày đổi sang dạng khác", "dates in another form")
def date_form(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    form = dataset.dates[dataset.event]
    times = pd.to_datetime(rows[dataset.event], format=form, errors="coerce")
    other = "%d-%b-%y" if dataset.shape != "json" else "%d.%m.%Y"
    rows[dataset.event] = times.dt.strftime(other).fillna("")
    return ground.with_rows(rows)


@defect("future_date", "ngày ở tương lai", "date in the future")
def future_date(ground: Ground) -> Export:
    dataset = ground.dataset
    column = dataset.version if dataset.is_snapshot else dataset.event
    later = pd.Timestamp(ground.export.window_to) + pd.Timedelta(days=40)
    return _set(ground, ground.some(), column, later.strftime(dataset.dates[column]))


@defect(
    "placeholder_date",
    "ngày giữ chỗ 01/01/1900",
    "placeholder date 01/01/1900",
    only=(
        DOSSIERS,
        DOCUMENTS,
        MAILBOXES,
        CERTIFICATES,
        PROCEDURES,
        PAPER,
        TASKS,
        ACTIVITIES,
        INCOMING,
        WORK_FILES,
        PERIODIC_REPORTS,
    ),
)
def placeholder_date(ground: Ground) -> Export:
    dataset = ground.dataset
    text = pd.Timestamp("1900-01-01").strftime(dataset.dates[dataset.event])
    return _set(ground, ground.some(), dataset.event, text)


@defect(
    "closed_first",
    "kết thúc trước khi tiếp nhận",
    "closed before received",
    only=(DOSSIERS, DOCUMENTS, MAILBOXES, CERTIFICATES, PROCEDURES, PAPER),
)
def closed_first(ground: Ground) -> Export:
    first, second = {
        DOSSIERS.id: ("Ngày tiếp nhận", "Ngày kết thúc xử lý"),
        DOCUMENTS.id: ("ThoiDiemKyCaNhan", "ThoiDiemKyCoQuan"),
        MAILBOXES.id: ("Ngày cấp", "Ngày chốt số liệu"),
        CERTIFICATES.id: ("Ngày công bố", "Hiệu lực đến"),
        PROCEDURES.id: ("ngayCongKhai", "ngayChot"),
        PAPER.id: ("Ngày tiếp nhận", "Ngày giải quyết xong"),
    }[ground.dataset.id]
    rows, dates = ground.rows, ground.dataset.dates
    held = rows.index[(rows[first] != "") & (rows[second] != "")].to_numpy()
    chosen = ground.rng.choice(held, max(1, len(held) // 100), replace=False)
    after = pd.to_datetime(rows.loc[chosen, second], format=dates[second]) + pd.Timedelta(days=1)
    rows.loc[chosen, first] = after.dt.strftime(dates[first])
    return ground.with_rows(rows)


@defect("utc_clock", "giờ UTC thay cho giờ Việt Nam", "times in UTC", critical=False, only=(DOSSIERS, DOCUMENTS))
def utc_clock(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    for name, form in dataset.dates.items():
        if "%H" in form:
            rows[name] = _moved(rows[name], form, hours=-7)
    return ground.with_rows(rows)


@defect(
    "late_rows",
    "dòng cũ ngoài cửa sổ kết xuất",
    "rows from before the window",
    critical=False,
    only=(DOSSIERS, DOCUMENTS),
)
def late_rows(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    old = ground.before.rows.copy()
    for name in dataset.dates:
        old[name] = _moved(old[name], dataset.dates[name], months=-2)
    old[dataset.key] = _new_keys(dataset, old)
    return ground.with_rows(pd.concat([old, rows]))


@defect("mixed_snapshot", "lẫn ngày chốt số liệu khác", "rows of another snapshot date", only=SNAPSHOTS)
def mixed_snapshot(ground: Ground) -> Export:
    column = ground.dataset.snapshot
    return _set(ground, ground.some(), column, ground.before.rows[column].iloc[0])


# --- figures ----------------------------------------------------------------------------------------------------------

SCORECARD_POINTS = ("Điểm tối đa", "Điểm tự chấm", "Điểm chờ điều tra xã hội học", "Điểm dự kiến cuối năm")
COUNTED = (DOSSIERS, MAILBOXES, HEADCOUNT, CERTIFICATES, ACTIVITIES, ONE_STOP_UNITS, VERTICAL)


def _multiplied(ground: Ground, places: np.ndarray, factor: float) -> Export:
    rows = ground.rows
    for name in ground.dataset.counts:
        values = pd.to_numeric(rows.loc[places, name], errors="coerce").fillna(0)
        rows.loc[places, name] = (values * factor).round().astype(int).astype(str)
    return ground.with_rows(rows)


@defect("times_ten", "số liệu gấp 10", "all counts times ten", only=COUNTED)
def times_ten(ground: Ground) -> Export:
    return _multiplied(ground, ground.rows.index.to_numpy(), 10)


@defect("times_thousand", "số liệu gấp 1000", "all counts times a thousand", only=COUNTED)
def times_thousand(ground: Ground) -> Export:
    return _multiplied(ground, ground.rows.index.to_numpy(), 1000)


@defect("one_times_thousand", "một dòng gấp 1000", "one row's counts times a thousand", only=COUNTED)
def one_times_thousand(ground: Ground) -> Export:
    values = pd.to_numeric(ground.rows[ground.dataset.counts[0]], errors="coerce")
    usual = ground.rows.index[(values > 0) & (values >= values.max() / 2)].to_numpy()
    return _multiplied(ground, ground.rng.choice(usual, 1), 1000)


@defect(
    "a_tenth",
    "số liệu còn một phần mười (tỷ lệ vượt 100%)",
    "all counts a tenth (rates beyond 100%)",
    only=(HEADCOUNT, CERTIFICATES, MAILBOXES),
)
def a_tenth(ground: Ground) -> Export:
    return _multiplied(ground, ground.rows.index.to_numpy(), 0.1)


@defect("hours_as_days", "giờ ghi thành ngày", "hours written as days", only=(DOSSIERS, PAPER))
def hours_as_days(ground: Ground) -> Export:
    """The term, respectively the time taken, eight times as long."""
    rows, dataset = ground.rows, ground.dataset
    end = "Ngày hẹn trả" if dataset is DOSSIERS else "Ngày giải quyết xong"
    form = dataset.dates[end]
    first, last = (pd.to_datetime(rows[name], format=form, errors="coerce") for name in (dataset.event, end))
    rows[end] = (first + (last - first) * 8).dt.strftime(form).where(rows[end] != "", "").fillna("")
    return ground.with_rows(rows)


@defect("negative", "số đếm âm", "negative count", only=COUNTED)
def negative(ground: Ground) -> Export:
    return _set(ground, ground.some(), ground.dataset.counts[0], "-5")


@defect("locale_digits", "số theo kiểu 1.234,0", "digits in another locale", only=COUNTED)
def locale_digits(ground: Ground) -> Export:
    rows = ground.rows
    for name in ground.dataset.counts:
        rows[name] = rows[name] + ",0"
    return ground.with_rows(rows)


@defect("wide_digits", "chữ số toàn khổ", "full-width digits")
def wide_digits(ground: Ground) -> Export:
    rows, dataset = ground.rows, ground.dataset
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    rows[dataset.version] = rows[dataset.version].str.translate(wide)
    return ground.with_rows(rows)


@defect("levels_swapped", "mã mức độ đổi nghĩa", "codes with their meanings exchanged", only=(PROCEDURES, DOCUMENTS))
def levels_swapped(ground: Ground) -> Export:
    """Service level 2 and 4 exchanged; the external documents sent as internal ones and the other way round."""
    rows = ground.rows
    if ground.dataset is PROCEDURES:
        rows["mucDo"] = rows["mucDo"].replace({"3": "4", "4": "3"})
    else:
        rows["HinhThuc"] = "Giay"
    return ground.with_rows(rows)


@defect("code_as_number", "mã TTHC thành số", "procedure codes turned into numbers", only=(DOSSIERS, PROCEDURES, PAPER))
def code_as_number(ground: Ground) -> Export:
    rows = ground.rows
    column = "maTTHC" if ground.dataset is PROCEDURES else "Mã TTHC"
    rows[column] = rows[column].map(lambda code: f"{float(code):.5f}".rstrip("0"))
    return ground.with_rows(rows)


@defect("cell_error", "ô lỗi #REF!", "cells in error", only=(CERTIFICATES, PAPER, DOSSIERS, HEADCOUNT))
def cell_error(ground: Ground) -> Export:
    dataset = ground.dataset
    return _set(ground, ground.some(), dataset.counts[0] if dataset.counts else dataset.event, "#REF!")


@defect("decimal_comma_lost", "mất dấu phẩy thập phân", "decimal commas lost", only=(SCORECARDS,))
def decimal_comma_lost(ground: Ground) -> Export:
    rows = ground.rows
    for name in SCORECARD_POINTS:
        rows[name] = rows[name].str.replace(",", "")
    return ground.with_rows(rows)


@defect("survey_scored", "tự chấm cả phần điều tra xã hội học", "the survey's part self-scored", only=(SCORECARDS,))
def survey_scored(ground: Ground) -> Export:
    rows = ground.rows
    surveyed = rows["Điểm chờ điều tra xã hội học"] != "0"
    for name in ("Điểm tự chấm", "Điểm dự kiến cuối năm"):
        rows.loc[surveyed, name] = rows.loc[surveyed, "Điểm tối đa"]
    return ground.with_rows(rows)


@defect("subtotal_as_row", "dòng cộng ghi thành dòng điểm", "a subtotal written as a row of points", only=(SCORECARDS,))
def subtotal_as_row(ground: Ground) -> Export:
    rows = ground.rows
    part = rows[rows[SCORECARDS.key].str.count(r"\.") == 2].iloc[[0]]
    sum_row = part.assign(**{SCORECARDS.key: part[SCORECARDS.key].str.rpartition(".")[0], "Tên tiêu chí": "Cộng"})
    return ground.with_rows(pd.concat([rows, sum_row]))


# --- whole exports ----------------------------------------------------------------------------------------------------


def _size(ground: Ground) -> int:
    return len(ground.export.rows)


@defect("halved", "mất nửa tệp, dòng tổng cũ", "half the file, total as before")
def halved(ground: Ground) -> Export:
    half = ground.with_rows(ground.rows.iloc[: _size(ground) // 2])
    return replace(half, total=_size(ground), declared=_size(ground))


@defect("first_half", "chỉ nửa đầu, dòng tổng đã sửa", "first half, total adjusted")
def first_half(ground: Ground) -> Export:
    return ground.with_rows(ground.rows.iloc[: _size(ground) // 2])


@defect("second_half", "chỉ nửa sau, dòng tổng đã sửa", "second half, total adjusted")
def second_half(ground: Ground) -> Export:
    return ground.with_rows(ground.rows.iloc[_size(ground) // 2 :])


@defect("every_second", "mất một nửa số dòng xen kẽ, dòng tổng đã sửa", "every second row, total adjusted")
def every_second(ground: Ground) -> Export:
    return ground.with_rows(ground.rows.iloc[::2])


@defect("a_tenth_of_rows", "chỉ còn một phần mười số dòng", "a tenth of the rows, total adjusted")
def a_tenth_of_rows(ground: Ground) -> Export:
    return ground.with_rows(ground.rows.iloc[: max(1, _size(ground) // 10)])


@defect(
    "stale",
    "số liệu lần trước dưới ngày mới",
    "the content of last time under the new date",
    only=(MAILBOXES, DOSSIERS, DOCUMENTS),
)
def stale(ground: Ground) -> Export:
    """Of a snapshot: last month's figures, dates made new. Of a delta: last window's rows, in another order."""
    old, dataset = ground.before.rows.copy(), ground.dataset
    if dataset.is_snapshot:
        for name in (dataset.snapshot, dataset.version):
            old[name] = ground.export.rows[name].iloc[0]
        return ground.with_rows(old)
    return ground.with_rows(old.iloc[::-1])


@defect("relabelled", "bản cũ chỉ đổi ngày chốt", "an old snapshot, its date alone made new", only=SNAPSHOTS)
def relabelled(ground: Ground) -> Export:
    old = ground.before.rows.copy()
    column = ground.dataset.snapshot
    old[column] = ground.export.rows[column].iloc[0]
    return ground.with_rows(old)


@defect(
    "cut_bytes",
    "tệp đứt giữa dòng",
    "file cut in the middle of a row",
    only=(DOSSIERS, MAILBOXES, HEADCOUNT, CERTIFICATES, PAPER),
)
def cut_bytes(ground: Ground) -> Export:
    from proofs.mutation.source import written

    body = written(ground.export)
    return replace(ground.export, body=body[: len(body) * 2 // 3])


@defect("header_only", "chỉ có tiêu đề", "headers alone", only=FILES)
def header_only(ground: Ground) -> Export:
    return replace(ground.with_rows(ground.rows.iloc[:0]), declared=_size(ground))


@defect("web_page", "trang đăng nhập thay cho tệp", "a login page in place of the file")
def web_page(ground: Ground) -> Export:
    return replace(ground.export, body="<!DOCTYPE html><html><body>Đăng nhập</body></html>".encode())


# --- text -------------------------------------------------------------------------------------------------------------


def _mangled(text: str) -> str:
    """UTF-8 read as Latin-1 and written as UTF-8 again."""
    return text.encode("utf-8").decode("latin-1").replace("\x8d", "").replace("\x81", "")


@defect(
    "wrong_encoding", "cả tệp sai bảng mã", "whole file in the wrong encoding", only=(DOSSIERS, MAILBOXES, HEADCOUNT)
)
def wrong_encoding(ground: Ground) -> Export:
    text = csv_bytes(ground.export).decode("utf-8-sig")
    return replace(ground.export, body=text.encode("utf-8").decode("latin-1").encode("utf-8"))


@defect(
    "undecodable", "byte hỏng giữa tệp", "bytes that are no text", critical=False, only=(DOSSIERS, MAILBOXES, HEADCOUNT)
)
def undecodable(ground: Ground) -> Export:
    body = csv_bytes(ground.export)
    half = len(body) // 2
    return replace(ground.export, body=body[:half] + b"\xff\xfe\xfa" + body[half:])


@defect(
    "mangled_text",
    "chữ Việt vỡ trong giá trị",
    "mangled Vietnamese in values",
    critical=False,
    only=(DOSSIERS, DOCUMENTS, PROCEDURES),
)
def mangled_text(ground: Ground) -> Export:
    rows, places = ground.rows, ground.some()
    for name in ground.dataset.texts:
        rows.loc[places, name] = [_mangled("Hộ tịch và đất đai")] * len(places)
    return ground.with_rows(rows)


@defect(
    "question_marks",
    "chữ Việt thành dấu hỏi",
    "Vietnamese letters as question marks",
    critical=False,
    only=(DOSSIERS, DOCUMENTS, PROCEDURES),
)
def question_marks(ground: Ground) -> Export:
    rows = ground.rows
    for name in ground.dataset.texts:
        rows[name] = rows[name].map(lambda text: text.encode("ascii", "replace").decode())
    return ground.with_rows(rows)


@defect(
    "truncated_text",
    "giá trị chữ bị cắt cụt",
    "text values cut short",
    critical=False,
    only=(DOSSIERS, DOCUMENTS, PROCEDURES),
)
def truncated_text(ground: Ground) -> Export:
    rows = ground.rows
    for name in ground.dataset.texts:
        rows[name] = rows[name].str.slice(0, 4)
    return ground.with_rows(rows)


@defect(
    "unit_total_row",
    "dòng cộng của đơn vị lẫn trong dữ liệu",
    "a unit's subtotal among the rows",
    critical=False,
    only=(DOSSIERS, HEADCOUNT, PAPER),
)
def unit_total_row(ground: Ground) -> Export:
    rows = ground.rows
    values = dict.fromkeys(rows.columns, "") | {
        rows.columns[0]: TOTAL.replace("Tổng cộng", "Cộng đơn vị"),
        rows.columns[1]: "12",
    }
    return ground.with_rows(pd.concat([rows, pd.DataFrame([values])]))
