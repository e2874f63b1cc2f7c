"""The report as a reader meets it, in headless Chromium, opened from disk.

Every page in both languages, by mouse and by keyboard, on a narrow screen and on paper. Nothing may be fetched from
elsewhere, nothing may fail in a script, and axe may find nothing that keeps a page from people.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

THEMES = (
    "digital_signature", "iso_compliance", "official_mail", "online_service", "settlement", "task", "payment",
    "digitisation", "apology", "satisfaction", "publicity", "feedback", "infrastructure", "communication",
    "document_management",
    "one_stop",
)  # fmt: skip
# Pages of the themes are made alike: one stands for them, the others are looked at when there is more time. So is the
# English of most pages, whose elements are those of the Vietnamese.
THEME = "online_service"
OWN_PAGES = ("index", "quarantine", "restatements", "claims", "definitions", "ledger")
PAGES = (*OWN_PAGES, THEME, *(pytest.param(name, marks=pytest.mark.long) for name in THEMES if name != THEME))
IN_ENGLISH = [
    name if name in ("index", "claims") else pytest.param(name, marks=pytest.mark.long)
    for name in (*OWN_PAGES, *THEMES)
]
GO_CONG_TAY = "online_service.html#unit=823&scope=tree&grain=quarter"
BCCI = "Tỷ lệ hồ sơ tiếp nhận qua bưu chính công ích"


class Reader:
    """A window on the site, in its own profile: what it asked for beyond the disk, and what failed in it."""

    def __init__(self, page: Page, site: Path) -> None:
        self.page, self.site = page, site
        self.elsewhere: list[str] = []
        self.failures: list[str] = []
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.failures.append(str(error)))
        page.on("console", lambda said: self.failures.append(said.text) if said.type == "error" else None)

    def open(self, address: str) -> Page:
        self.page.goto(f"{self.site.as_uri()}/{address if '.html' in address else address + '.html'}")
        if address.split(".")[0] in THEMES:
            self.page.wait_for_function("document.body.dataset.ready")
        return self.page

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.elsewhere.append(request.url)


@pytest.fixture
def reader(chromium: Browser, shared_site: Path) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")
    opened = Reader(context.new_page(), shared_site)
    yield opened
    context.close()
    assert opened.elsewhere == []
    assert opened.failures == []


def violations(page: Page) -> list[str]:
    # of a page from disk axe can't load the style sheet a second time, and need not
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [f"{one['id']} ({one['impact']}): {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def section(page: Page, name: str) -> "Page":
    return page.get_by_role("region", name=name, exact=True).first  # type: ignore[return-value]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(reader: Reader, name: str) -> None:
    assert violations(reader.open(name)) == []


@pytest.mark.parametrize("name", IN_ENGLISH)
def test_axe_finds_nothing_in_english_either(reader: Reader, name: str) -> None:
    page = reader.open(name)
    page.get_by_role("button", name="English").click()
    assert violations(page) == []
    visible = page.locator("body").inner_text()
    assert not re.search(r"\b(đơn vị|số liệu|tiếp nhận)\b", "\n".join(visible.splitlines()[:12]), re.IGNORECASE)


def test_the_language_is_switched_and_remembered(reader: Reader) -> None:
    page = reader.open("index")
    assert page.locator("html").get_attribute("lang") == "vi"
    expect(page.get_by_role("heading", level=1)).to_have_text("Đêm nay", use_inner_text=True)
    expect(page.get_by_role("row", name=re.compile("^Tỷ lệ trả kết quả qua bưu chính"))).to_contain_text("35,49%")
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title().startswith("Tonight")
    expect(page.get_by_role("row", name=re.compile("^Results returned by"))).to_contain_text("35.49%")
    page.get_by_role("link", name="Online services and dossiers").click()
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.get_by_role("button", name="Tiếng Việt")).to_be_visible()


def test_a_published_figure_is_read_with_its_confidence_and_its_table(reader: Reader) -> None:
    """149 of 4,608 dossiers by post in the first quarter of 2023, as the district's report printed it."""
    page = reader.open(GO_CONG_TAY)
    shown = section(page, BCCI)
    expect(shown.locator(".value")).to_have_text("3,23%")
    shown.get_by_text("Bảng số liệu").click()
    row = shown.get_by_role("row", name=re.compile("^Quý I.2023"))
    expect(row).to_contain_text("3,23%")
    expect(row).to_contain_text("14/14 đơn vị")
    expect(row.locator(".trust")).to_contain_text("đến 06/03/2023")
    expect(shown.locator("svg")).to_be_visible()


def test_the_unit_the_scope_and_the_period_are_chosen_by_keyboard(reader: Reader) -> None:
    page = reader.open("online_service")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung")).to_be_focused()
    page.get_by_role("searchbox", name="Tìm đơn vị").focus()
    page.keyboard.type("huyen tung")
    page.keyboard.press("Enter")
    page.wait_for_function("document.body.dataset.ready.endsWith('/01846')")
    # a ward has no units below it, so there is nothing to choose
    expect(page.locator("#scopes")).to_be_hidden()
    page.get_by_role("radio", name="tháng").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash.includes('grain=year')")
    shown = section(page, "Tỷ lệ hồ sơ trực tuyến")
    shown.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(shown.get_by_role("row", name=re.compile("^2022"))).to_contain_text("9 / 764")
    expect(shown.get_by_role("row", name=re.compile("^2022"))).to_contain_text("1,18%")


def test_units_below_are_compared(reader: Reader) -> None:
    page = reader.open("online_service.html#unit=82&scope=tree&grain=quarter")
    page.get_by_role("combobox", name="Chỉ tiêu").select_option(label="Hồ sơ tiếp nhận")
    page.get_by_role("button", name="So sánh").click()
    compared = page.locator("#units tbody th")
    expect(compared).to_have_count(11)
    names = compared.all_inner_texts()
    assert names.index("Huyện Cái Bè") < names.index("Huyện Cai Lậy") < names.index("Huyện Châu Thành")
    assert violations(page) == []


def test_figures_of_today_s_units_stand_beside_those_of_the_time(
    reader: Reader, tmp_path: Path, shared_site: Path
) -> None:
    site = shutil.copytree(shared_site, tmp_path / "site")
    data = site / "data" / "online_service" / "823.js"
    head, told, tail = re.fullmatch(r"(.*?)(\{.*\})(\);\n)", data.read_text(encoding="utf-8"), re.DOTALL).groups()
    figures = json.loads(told)
    figures["bcci_received|-|-|tree|restated"] = [
        [*entry[:3], 42.5, *entry[4:]] for entry in figures["bcci_received|-|-|tree|as_was"]
    ]
    data.write_text(head + json.dumps(figures) + tail, encoding="utf-8")
    reader.site = site
    page = reader.open(GO_CONG_TAY)
    shown = section(page, BCCI)
    shown.get_by_text("Bảng số liệu").click()
    row = shown.get_by_role("row", name=re.compile("^Quý I.2023"))
    expect(row).to_contain_text("3,23%")
    expect(row).to_contain_text("42,5%")
    expect(shown.get_by_role("columnheader", name="Giá trị, đơn vị hiện nay")).to_be_visible()
    # a data file of another publish is not mixed with this page
    data.write_text(re.sub(r"egov\.unit\(\d+", "egov.unit(9", data.read_text(encoding="utf-8")), encoding="utf-8")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("có bản công bố mới")


@pytest.mark.parametrize("name", ["index", GO_CONG_TAY, "quarantine", "restatements"])
def test_a_narrow_screen_scrolls_down_only(chromium: Browser, reader: Reader, name: str) -> None:
    reader.page.set_viewport_size({"width": 360, "height": 740})
    page = reader.open(name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []


def test_paper_has_every_chart_and_every_table(reader: Reader) -> None:
    page = reader.open(GO_CONG_TAY)
    kpis = page.locator(".kpi").count()
    assert kpis > 10
    assert page.pdf().startswith(b"%PDF")
    assert page.locator(".kpi svg").count() == kpis
    assert page.locator(".kpi table").count() == kpis
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()


def test_refused_rows_restatements_and_claims_are_told(reader: Reader) -> None:
    page = reader.open("quarantine")
    expect(page.get_by_role("heading", name="Huyện Gò Công Tây")).to_be_visible()
    expect(page.get_by_role("heading", name="Đơn vị không có trong danh mục")).to_be_visible()
    page = reader.open("restatements")
    expect(page.get_by_role("heading", name="Kỳ đã kết thúc")).to_be_visible()
    expect(page.locator("tbody").first).to_contain_text("nguồn sửa dòng đã gửi")
    page = reader.open("claims")
    expect(page.get_by_role("row", name=re.compile("9.764"))).to_contain_text("sai")
    expect(page.get_by_role("row", name=re.compile("9.764"))).to_contain_text("1,18")
