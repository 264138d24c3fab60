"""Published beside measured, with means worked out by hand; and how the tables are written."""

import html.parser
import io
import math

import pandas as pd
import pytest

from scnlib.config import profile_config
from scnlib.paper import side_by_side, to_csv, to_html, to_latex, to_text
from scnlib.paper.render import WIDTH, escape_latex, sheets
from tests.paper.made import run, table

METHODS = ("baseline", "scn")


def shown(name, results, **options):
    return side_by_side(name, results, methods=METHODS, **options)


def cell(frame, row, column="FERPlus"):
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def noisy():
    """Baseline 70, 71, 75 and SCN 72, 71.5, 76 at 10 % for seeds 0, 1, 2: gains 2, .5, 1."""
    rows = [run("baseline", a, s, 0.1) for s, a in enumerate((70.0, 71.0, 75.0))]
    return table(*rows, *(run("scn", a, s, 0.1) for s, a in enumerate((72.0, 71.5, 76.0))))


def test_means_by_hand(noisy):
    frame = shown("scn-2", noisy)
    baseline = cell(frame, "scratch, noise 10 %, baseline")
    assert baseline["measured"] == pytest.approx(72.0)
    assert baseline["std"] == pytest.approx(math.sqrt((4 + 1 + 9) / 2))
    assert (baseline["n"], baseline["seeds"]) == (3, "0, 1, 2")
    assert baseline["difference"] == pytest.approx(72.0 - 77.15)
    assert math.isnan(baseline["measured_gain"]) and math.isnan(baseline["published_gain"])
    scn = cell(frame, "scratch, noise 10 %, SCN")
    assert scn["published"] == 78.53
    assert scn["published_gain"] == pytest.approx(1.38)
    assert scn["measured_gain"] == pytest.approx(3.5 / 3)
    # s of 2, .5, 1 is .763763; t(2) at 97.5 % is 4.302653
    half = (scn["gain_high"] - scn["gain_low"]) / 2
    assert half == pytest.approx(4.302653 * 0.763763 / math.sqrt(3), rel=1e-5)
    assert (scn["dataset"], scn["backbone"], scn["origin"]) == ("ferplus", "resnet18", "measured at full scale")
    assert scn["recipe"].endswith("relabelling from epoch 4")


def test_a_difference_stands_only_where_dataset_and_backbone_are_the_papers():
    row = "scratch, noise 10 %, baseline"
    own = shown("scn-2", table(run(noise_rate=0.1)))
    assert cell(own, row)["difference"] == pytest.approx(50 - 77.15)
    other_backbone = shown("scn-2", table(run(noise_rate=0.1, backbone="small")))
    assert math.isnan(cell(other_backbone, row)["difference"])
    stand_in = shown("scn-2", table(run(noise_rate=0.1, dataset="rendered")), dataset="rendered")
    for column in ("RAF-DB", "AffectNet", "FERPlus"):
        assert cell(stand_in, row, column)["measured"] == 50
        assert math.isnan(cell(stand_in, row, column)["difference"])
    ferplus_for_all = shown("scn-2", table(run(noise_rate=0.1)), dataset="ferplus")
    assert math.isnan(cell(ferplus_for_all, row, "RAF-DB")["difference"])
    assert not math.isnan(cell(ferplus_for_all, row, "FERPlus")["difference"])
    unknown = shown("scn-fig5", table(run("scn", dataset="rafdb", options={"beta": 0.9})))
    assert math.isnan(cell(unknown, "beta = 0.9", "RAF-DB")["difference"])  # there is nothing to differ from


def test_a_stand_in_is_compared_by_its_gain(noisy):
    scn = cell(shown("scn-2", noisy, dataset="ferplus"), "scratch, noise 10 %, SCN", "RAF-DB")
    assert scn["published_gain"] == pytest.approx(8.83)
    assert scn["measured_gain"] == pytest.approx(3.5 / 3)


def test_recipes_are_never_mixed():
    rows = [
        run("scn", 60.0, 0, 0.1),
        run("scn", 80.0, 1, 0.1, profile="paper", epochs=40),
        run("baseline", 50.0, 1, 0.1),
    ]
    frame = shown("scn-2", table(*rows))
    found = frame[frame["row"].eq("scratch, noise 10 %, SCN") & frame["column"].eq("FERPlus")]
    assert sorted(found["measured"]) == [60, 80]
    assert found["n"].tolist() == [1, 1]
    assert found["measured_gain"].isna().all()  # the baseline shares a seed with the other recipe only
    assert len(shown("scn-2", table(*rows), profile="paper")) == len(frame) - 1
    for field, value in {"size": 64, "backbone": "small", "split": "train+val", "noise_kind": "pair"}.items():
        other = shown("scn-2", table(run("scn", 60.0, 0, 0.1), run("scn", 80.0, 1, 0.1, **{field: value})))
        assert 70 not in other["measured"].tolist(), field
    start = shown("scn-2", table(run("scn", 60.0, 0, 0.1), run("scn", 80.0, 1, 0.1, options={"relabel_epoch": 8})))
    assert 70 not in start["measured"].tolist()


@pytest.mark.parametrize("column", ["recipe_version", "data"])
def test_no_gain_is_over_runs_of_other_code_or_other_images(column):
    rows = [run("scn", 60.0, 0, 0.1, **{column: "1"}), run("baseline", 50.0, 0, 0.1, **{column: "2"})]
    scn = cell(shown("scn-2", table(*rows)), "scratch, noise 10 %, SCN", "FERPlus")
    assert (scn["measured"], scn["n"]) == (60, 1) and math.isnan(scn["measured_gain"])


def test_unexplained_doubles_are_refused():
    rows = table(run(noise_rate=0.1), run(noise_rate=0.1, accuracy=60.0) | {"key": "other version"})
    with pytest.raises(ValueError, match="other ve have the same method, recipe and seed 0"):
        shown("scn-2", rows)


def test_gains_are_paired_by_seed():
    rows = [run("baseline", 50.0, 0, 0.1), run("baseline", 90.0, 7, 0.1)]
    rows += [run("scn", 53.0, 0, 0.1), run("scn", 99.0, 3, 0.1)]
    scn = cell(shown("scn-2", table(*rows)), "scratch, noise 10 %, SCN")
    assert scn["measured"] == 76
    assert scn["measured_gain"] == 3
    assert math.isnan(scn["gain_low"])


def test_origins_stay_apart_and_a_run_made_here_may_lean_on_a_baseline_at_full_scale():
    rows = [run("baseline", 50.0, 0, 0.1), run("scn", 52.0, 0, 0.1), run("scn", 53.0, 0, 0.1, origin="measured here")]
    frame = shown("scn-2", table(*rows))
    found = frame[frame["row"].eq("scratch, noise 10 %, SCN") & frame["column"].eq("FERPlus")].set_index("origin")
    assert found["measured"].to_dict() == {"measured at full scale": 52, "measured here": 53}
    assert found["measured_gain"].to_dict() == {"measured at full scale": 2, "measured here": 3}


def test_affectnet_is_measured_by_its_mean_over_classes():
    frame = shown("scn-4", table(run(accuracy=60.0, dataset="affectnet")))
    affectnet = cell(frame, "scratch, baseline", "AffectNet")
    assert (affectnet["measured"], affectnet["metric"]) == (50, "mean_class_accuracy")
    assert affectnet["status"] == "derived"


def test_what_is_missing_is_said(noisy):
    frame = shown("scn-2", noisy)
    assert cell(frame, "scratch, noise 30 %, SCN")["missing"] == "not measured yet"
    assert cell(frame, "scratch, noise 30 %, SCN", "RAF-DB")["missing"] == "needs RAF-DB"
    assert cell(frame, "scratch, noise 10 %, MetaCleaner")["missing"] == "needs method metacleaner"
    assert cell(frame, "pretrained, noise 10 %, SCN")["missing"] == "needs MS-Celeb-1M weights"
    rafdb = cell(frame, "scratch, noise 10 %, MetaCleaner", "RAF-DB")
    assert rafdb["missing"] == "needs RAF-DB and method metacleaner"
    assert (rafdb["origin"], rafdb["n"], rafdb["dataset"]) == ("published", 0, "rafdb")
    sweep = shown("scn-fig5", noisy, dataset="rendered", profile="quick")
    assert cell(sweep, "delta 1 learnable", "RAF-DB, noisy")["missing"] == "not measured yet"
    joint = cell(shown("scn-7", noisy), "SCN, RAF-DB + AffectNet", "RAF-DB")
    assert joint["missing"] == "needs RAF-DB + AffectNet and MS-Celeb-1M weights"


def test_runs_from_scratch_stand_in_until_there_are_weights_and_are_never_compared_with_the_papers_number():
    scratch = [run("lrn", 60.0, noise_rate=0.1), run(noise_rate=0.1, accuracy=58.5), run(accuracy=70.0)]
    frame = shown("lrn-1", table(*scratch), dataset="ferplus")
    measured = cell(frame, "noise 10 %, LRN", "RAF-DB")
    assert (measured["measured"], measured["measured_gain"], measured["missing"]) == (60.0, 1.5, "")
    assert measured["recipe"].endswith("from scratch") and math.isnan(measured["difference"])
    assert cell(frame, "noise 20 %, SCN", "RAF-DB")["missing"] == "not measured yet"
    # The paper's own column is about weights: nothing from scratch stands in it, not even on its own data.
    assert shown("lrn-3", table(run("lrn", 60.0)))["measured"].isna().all()
    own = shown("lrn-3", table(run("lrn", 60.0)), dataset="ferplus")
    assert cell(own, "LRN")["measured"] == 60.0 and own["difference"].isna().all()
    weighted = [
        run("lrn", 65.0, noise_rate=0.1, weights="msceleb", key="with weights"),
        run(accuracy=64.0, noise_rate=0.1, weights="msceleb", key="baseline with weights"),
    ]
    both = cell(shown("lrn-1", table(*scratch, *weighted), dataset="ferplus"), "noise 10 %, LRN", "RAF-DB")
    assert (both["measured"], both["measured_gain"]) == (65.0, 1.0) and "scratch" not in both["recipe"]


def test_a_profiles_own_recipe_is_told_from_others():
    """The quick profile: 48 px, 12 epochs, the small network; relabelling starts where no option says otherwise."""
    changes = {"config": {"lr": 0.1}}, {"options": {"relabel_epoch": 8}}, {"epochs": 24}, {"backbone": "resnet18"}
    rows = [run("scn", 61.0 + i, **{"backbone": "small"} | changed) for i, changed in enumerate(changes)]
    frame = shown("scn-4", table(run("scn", 60.0, backbone="small"), *rows))
    found = frame[frame["measured"].notna()].set_index("measured")["own_recipe"]
    assert found.to_dict() == {60.0: True, 61.0: False, 62.0: False, 63.0: False, 64.0: False}


def test_a_cell_that_needs_more_is_never_measured_with_less():
    results = table(run("scn", 87.0, dataset="rafdb", weights="msceleb"))
    frame = shown("scn-7", results)
    assert cell(frame, "SCN", "RAF-DB")["measured"] == 87
    assert math.isnan(cell(frame, "SCN, RAF-DB + AffectNet", "RAF-DB")["measured"])


def test_every_table_can_be_shown_without_any_result(tmp_path):
    from scnlib.paper import GRIDS, grid, load_results

    for name in GRIDS:
        frame = shown(name, load_results(tmp_path))
        assert len(frame) == len(grid(name))
        assert (frame["missing"] != "").all()
        assert all(text for sheet in sheets(frame) for row in (sheet.headers, *sheet.rows) for text in row)
    with pytest.raises(ValueError, match="no runs stand behind table 'scn-1'"):
        shown("scn-1", load_results(tmp_path))


# Writing ------------------------------------------------------------------------------------------


class Cells(html.parser.HTMLParser):
    """The texts of a table's cells, and the attributes of its headers."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.scopes, self.tags, self.captions = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag == "th":
            self.scopes.append(dict(attributes).get("scope"))

    def handle_endtag(self, tag):
        self.tags.append("/" + tag)

    def handle_data(self, data):
        if self.tags[-1] in ("td", "th"):
            self.cells[-1] += data
        if self.tags[-1] == "caption":
            self.captions.append(data)


def test_a_stand_in_has_one_sheet_with_the_papers_columns_side_by_side(noisy):
    (sheet,) = sheets(shown("scn-2", noisy.assign(backbone="small"), dataset="ferplus"))
    head = ("cell", "RAF-DB (paper)", "AffectNet (paper)", "FERPlus (paper)", "measured", "gain")
    assert sheet.headers == head
    rows = {row[0]: row[1:] for row in sheet.rows}
    assert len(rows) == 18
    assert rows["scratch, noise 10 %, SCN"] == (
        "70.26 (+8.83)", "45.23 (+0.55)", "78.53 (+1.38)", "73.17 ± 2.47 (n = 3)", "+1.17 [-0.73, +3.06]"
    )  # fmt: skip
    assert rows["scratch, noise 10 %, baseline"][-1] == "baseline"
    assert rows["scratch, noise 30 %, SCN"][3:] == ("not measured yet", "none")
    assert "seeds 0, 1, 2; measured at full scale" in sheet.title


@pytest.mark.parametrize(
    ("name", "dataset", "said"),
    [
        ("scn-5", "ferplus", "The paper has no FERPlus numbers for this table."),
        ("lrn-1", "ferplus", "The paper has no FERPlus numbers for this table."),
        ("scn-6", "affectnet", "The paper has no AffectNet numbers for this table."),
        ("scn-2", "ferplus", ""),
        ("scn-fig5", "rafdb", ""),
        ("scn-5", "rendered", ""),  # of them no paper could have any
    ],
)
def test_a_dataset_that_the_paper_has_elsewhere_only_is_named(noisy, name, dataset, said):
    (sheet,) = sheets(shown(name, noisy, dataset=dataset))
    assert [note for note in sheet.notes if note.startswith("The paper has no")] == [said] * bool(said)


def test_columns_that_differ_in_more_than_the_dataset_are_rows_of_their_own():
    (sheet,) = sheets(shown("scn-5", table(run(accuracy=70.0, dataset="rendered")), dataset="rendered"))
    rows = {row[0]: row[1:] for row in sheet.rows}
    assert rows["none"] == ("72.00", "70.00 (n = 1)", "baseline")
    assert rows["none, pretrained"] == ("84.20", "needs MS-Celeb-1M weights", "none")


def test_without_a_dataset_each_column_has_its_own_sheet(noisy):
    found = sheets(shown("scn-2", noisy))
    assert [sheet.headers[1] for sheet in found] == ["RAF-DB (paper)", "AffectNet (paper)", "FERPlus (paper)"]
    assert found[0].title.endswith("measured on RAF-DB: nothing yet")


def test_other_recipes_are_counted_and_shown_when_asked():
    own = {"config": {"lr": 0.05}, "backbone": "small"}
    rows = [run("baseline", 60.0, **own), run("scn", 58.0, **own), run("scn", 57.0, seed=1, **own)]
    rows.append(run("scn", 59.0, config={"lr": 0.1}, backbone="small"))
    frame = shown("scn-4", table(*rows), dataset="ferplus")
    (sheet,) = sheets(frame)
    assert [row[-2:] for row in sheet.rows if row[0] == "scratch, SCN"] == [("57.50 ± 0.71 (n = 2)", "-2.00")]
    assert sheet.notes[-1] == "Measured under 1 other recipe, too (--all-recipes)."
    _, other = sheets(frame, all_recipes=True)
    assert "quick, 12 epochs, 48 px, small, train, lr 0.1" in other.title
    assert [row[0] for row in other.rows] == ["scratch, SCN"]
    assert other.rows[0][-1] == "no baseline to pair with"


def test_origins_are_said_where_there_are_several():
    rows = [run("baseline", 60.0), run("baseline", 61.0, seed=1, origin="measured here")]
    (sheet,) = sheets(shown("scn-4", table(*rows), dataset="ferplus"))
    found = [row[-1] for row in sheet.rows if row[0] == "scratch, baseline"]
    assert found == ["measured at full scale", "measured here"]


def test_html_is_accessible_and_never_blank(noisy):
    frame = shown("scn-2", noisy, dataset="ferplus")
    (sheet,) = sheets(frame)
    parsed = Cells(to_html(frame))
    assert parsed.scopes == ["col"] * len(sheet.headers) + ["row"] * len(sheet.rows)
    assert len(parsed.cells) == len(sheet.headers) * (len(sheet.rows) + 1)
    assert all(text.strip() for text in parsed.cells)
    assert "".join(parsed.captions).startswith("SCN table 2: synthetic label noise; measured on FERPlus")
    for text in ("70.26 (+8.83)", "not reported", "72.00 ± 2.65 (n = 3)", "needs method metacleaner"):
        assert text in parsed.cells, text


def test_html_is_escaped():
    name = "<script>alert('x')</script>"
    frame = shown("scn-2", table(run(noise_rate=0.1, split=name)))
    text = to_html(frame.assign(note='"&<b>'))
    assert "<script" not in text and "<b>" not in text
    assert any(name in caption for caption in ["".join(Cells(text).captions)])
    assert '"&<b>' in "".join(Cells(text).captions)


def test_csv_has_all_digits_and_no_blank_cell(noisy):
    frame = shown("scn-2", noisy)
    text = to_csv(frame)
    back = pd.read_csv(io.StringIO(text))
    assert list(back.columns) == list(frame.columns)
    pd.testing.assert_series_equal(back["measured_gain"], frame["measured_gain"])
    assert (pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False) != "").all(axis=None)


def test_text_is_aligned_and_fits(noisy):
    text = to_text(shown("scn-5", noisy, dataset="ferplus"))
    title, rest = text.split("\n\n", 1)
    head, rule, *lines = rest.splitlines()
    assert title.startswith("SCN table 5") and set(rule) == {"-"}
    start = head.index("measured")
    assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines[:12])
    assert max(map(len, text.splitlines())) <= WIDTH


def test_latex_is_escaped(noisy):
    assert escape_latex("100 % of A_1 & {B} \\ ~^#$") == (
        r"100 \% of A\_1 \& \{B\} \textbackslash{} \textasciitilde{}\textasciicircum{}\#\$"
    )
    text = to_latex(shown("scn-2", noisy, dataset="ferplus"))
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")].splitlines()[1:]
    assert len(body) == 18
    for line in body:
        cells = line.removesuffix(r" \\").split(" & ")
        assert len(cells) == 7 and all(cells)
    assert r"scratch, noise 10 \%, SCN" in text
    assert r"\label{tab:scn-2}" in text


def test_a_fine_tuned_run_is_compared_with_the_scratch_baseline_whatever_else_was_measured():
    def row(accuracy, key, **fields):
        config = profile_config("quick", method="baseline", **fields).to_dict()
        own = {
            "backbone": "small",
            "epochs": 12,
            "dataset": "rendered",
            "weights": fields.get("pretrained", "").split("@")[0],
        }
        return run("baseline", accuracy, 0, 0.0, None, config, key=key, **own)

    rows = [
        row(70, "a"),
        row(60, "b", lr=0.1),
        row(75, "c", pretrained=f"rendered_web-baseline@run:{'0' * 8}:{'1' * 16}"),
    ]
    found = side_by_side("scn-3", table(*rows), "rendered").set_index("row")["measured_gain"]
    assert found["WebEmotion without SCN, fine-tuned without SCN"].tolist() == [5.0] * 3
