"""The runs behind each cell, against the papers' text."""

import dataclasses

import pytest

from scnlib.paper.grid import (
    EXTRA_RUNS,
    GRIDS,
    RELABEL_EPOCH,
    SCN_DEFAULTS,
    Selector,
    active_options,
    column_dataset,
    find_cell,
    from_scratch,
    grid,
    needs,
    weights_on,
)
from scnlib.paper.published import TABLES


def runs(table, row, column="RAF-DB"):
    return find_cell(table, row, column).runs


def test_each_cell_of_a_table_has_its_runs_in_the_papers_order():
    assert set(GRIDS) == {"scn-2", "scn-3", "scn-4", "scn-5", "scn-6", "scn-7", "scn-fig5", "lrn-1", "lrn-2", "lrn-3"}
    for table in GRIDS:
        assert [cell.published for cell in grid(table)] == list(TABLES[table])


def test_every_baseline_is_a_cell_of_the_same_data_and_no_noise_is_lost():
    for table in GRIDS:
        for cell in grid(table):
            if cell.baseline is not None:
                reference = find_cell(*cell.baseline)
                assert reference.runs.method == "baseline"
                assert reference.runs.options == {}
                same = ("dataset", "noise_rate") if table == "scn-3" else ("dataset", "noise_rate", "pretrained")
                for name in same:
                    assert getattr(reference.runs, name) == getattr(cell.runs, name), (table, cell.published.row, name)


def test_scn_options_are_options_of_the_method_with_its_defaults():
    methods = pytest.importorskip("scnlib.methods")
    default = methods.METHODS["scn"]()
    assert {name: getattr(default, name) for name in SCN_DEFAULTS} == SCN_DEFAULTS
    assert default.relabel_epoch == RELABEL_EPOCH
    known = {f.name for f in dataclasses.fields(default)}
    for table in GRIDS:
        for cell in grid(table):
            if cell.runs.method == "scn":
                methods.make_method("scn", **cell.runs.options)
                assert set(cell.runs.options) <= known


def test_table_2():
    cell = find_cell("scn-2", "pretrained, noise 20 %, SCN", "FERPlus")
    assert (cell.published.value, cell.backbone) == (83.17, "resnet18")
    assert (cell.runs.method, cell.runs.dataset, cell.runs.noise_rate) == ("scn", "ferplus", 0.2)
    assert cell.runs.pretrained and cell.runs.options == {} and cell.runs.noise_kind == "symmetric"
    assert runs("scn-2", "scratch, noise 10 %, MetaCleaner").method == "metacleaner"


def test_table_5_switches_modules():
    off = {"weighting", "ranking", "relabelling"}
    expected = {"relabel": {"relabelling"}, "rank": {"ranking"}, "weight": {"weighting"}}
    expected |= {"weight + rank": {"weighting", "ranking"}, "weight + rank + relabel": off}
    for row, on in expected.items():
        for column, pretrained in (("RAF-DB", False), ("RAF-DB (pretrained)", True)):
            selector = runs("scn-5", row, column)
            assert selector.method == "scn"
            assert {name for name, value in selector.options.items() if value in (False, "none")} == off - on
            assert selector.pretrained is pretrained
    assert runs("scn-5", "none").method == "baseline"


def test_sweeps():
    gammas = [cell.runs.options.get("gamma", 0.5) for cell in grid("scn-6")]
    assert gammas == [0.2, 0.3, 0.5, 0.6, 0.8]

    def axis(name, default, column):
        cells = [c for c in grid("scn-fig5") if c.published.column == column]
        return [c.runs.options.get(name, default) for c in cells if c.published.row.startswith(label)]

    for column in ("RAF-DB", "RAF-DB, noisy"):
        label = "delta 1 ="
        assert axis("margin_rank", 0.15, column) == [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
        label = "beta"
        assert axis("beta", 0.7, column) == [0.9, 0.8, 0.7, 0.6, 0.5]
    label = "delta 2"
    assert axis("margin_relabel", 0.2, "RAF-DB") == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert axis("margin_relabel", 0.2, "RAF-DB, noisy") == []
    assert runs("scn-fig5", "delta 1 learnable").options == {"learnable_margin": True}
    assert runs("scn-fig5", "delta 1 learnable", "RAF-DB, noisy").noise_rate == 0.1


def test_table_7_names_what_its_marks_mean():
    joint = find_cell("scn-7", "SCN, RAF-DB + AffectNet", "RAF-DB")
    assert (joint.runs.dataset, joint.runs.data, joint.baseline) == ("joint", {}, None)
    assert column_dataset(joint) == "rafdb"
    both = find_cell("scn-7", "IPA2LT, RAF-DB + AffectNet, 7 classes", "AffectNet")
    assert (both.runs.dataset, both.runs.data) == ("joint", {"sets": "affectnet+rafdb", "num_classes": 7})
    assert column_dataset(both) == "affectnet"
    oversampled = [cell.published.row for cell in grid("scn-7") if cell.runs.oversample]
    assert oversampled == ["Upsample", "RAN, oversampled", "SCN, oversampled"]
    assert runs("scn-4", "pretrained, SCN", "AffectNet").oversample  # it is the same number
    assert not runs("scn-4", "scratch, SCN", "AffectNet").oversample
    for table, row in (("scn-7", "SCN, IR-50"), ("lrn-3", "SCN")):
        assert (find_cell(table, row, "FERPlus").backbone, runs(table, row, "FERPlus").backbone) == ("ir50", "ir50")
    assert all(not cell.needs for cell in grid("scn-7"))


def test_what_stands_between_a_cell_and_its_measurement():
    joint = find_cell("scn-7", "SCN, RAF-DB + AffectNet", "RAF-DB")
    assert needs(joint, methods=["scn"]) == ("RAF-DB + AffectNet", "MS-Celeb-1M weights")
    assert needs(joint, methods=["scn"], datasets=["joint"]) == ("MS-Celeb-1M weights",)
    # One dataset cannot stand in for two.
    assert needs(joint, "rendered", methods=["scn"]) == ("RAF-DB + AffectNet", "MS-Celeb-1M weights")
    own = dataclasses.replace(joint, runs=Selector("scn", "rendered", pretrained=True, weights="rendered-latents"))
    assert needs(own, methods=["scn"]) == ("rendered-latents weights",)


def test_runs_from_scratch_stand_in_where_a_whole_table_starts_from_weights_on_another_dataset():
    lrn, joint = (
        find_cell("lrn-1", "noise 10 %, LRN", "RAF-DB"),
        find_cell("scn-7", "SCN, RAF-DB + AffectNet", "RAF-DB"),
    )
    assert not from_scratch(lrn).pretrained and from_scratch(lrn).noise_rate == 0.1
    assert needs(lrn, "rendered") == () and needs(lrn) == ("RAF-DB", "MS-Celeb-1M weights")
    assert needs(joint, "rendered") == ("RAF-DB + AffectNet", "MS-Celeb-1M weights")
    # Tables 2 and 4 have rows from scratch of their own, table 3 starts from runs that anyone can make.
    assert needs(find_cell("scn-4", "pretrained, SCN", "RAF-DB"), "rendered") == ("MS-Celeb-1M weights",)
    assert all(from_scratch(cell) is None for table in ("scn-2", "scn-3", "scn-4", "scn-5") for cell in grid(table))


def test_what_a_run_cannot_give_is_said():
    assert find_cell("scn-7", "RAN", "FERPlus").backbone is None
    web = find_cell("scn-3", "WebEmotion with SCN, fine-tuned with SCN", "FERPlus")
    assert needs(web, datasets=("rendered", "ferplus")) == ("WebEmotion",)
    assert needs(web) == ("FERPlus", "WebEmotion") and needs(web, "rendered") == ()
    assert all(cell.runs.pretrained for table in ("scn-7", "lrn-1", "lrn-2", "lrn-3") for cell in grid(table))


def test_table_3_starts_from_runs_of_the_method_that_its_row_names():
    rows = {
        "no WebEmotion, fine-tuned without SCN": Selector("baseline", "rafdb"),
        "WebEmotion without SCN, fine-tuned without SCN": Selector(
            "baseline", "rafdb", pretrained=True, weights="webemotion-baseline"
        ),
        "WebEmotion without SCN, fine-tuned with SCN": Selector(
            "scn", "rafdb", pretrained=True, weights="webemotion-baseline"
        ),
        "WebEmotion with SCN, fine-tuned with SCN": Selector("scn", "rafdb", pretrained=True, weights="webemotion-scn"),
    }
    assert {cell.published.row: cell.runs for cell in grid("scn-3") if cell.published.column == "RAF-DB"} == rows
    (extra,) = EXTRA_RUNS["scn-3"]
    assert (extra.method, extra.weights) == ("baseline", "webemotion-scn") and extra not in rows.values()


def test_the_stand_in_for_webemotion():
    web = runs("scn-3", "WebEmotion with SCN, fine-tuned with SCN")
    assert weights_on(web, None) == weights_on(web, "ferplus") == "webemotion-scn"
    assert weights_on(web, "rendered") == "rendered_web-scn"
    assert weights_on(runs("scn-2", "pretrained, noise 20 %, SCN"), "rendered") == "msceleb"
    assert weights_on(runs("scn-2", "scratch, noise 20 %, SCN"), "rendered") == ""


def test_options_that_say_nothing_are_dropped():
    assert active_options({"gamma": 0.5, "beta": 0.7}) == {}
    assert active_options({"gamma": 0.2}) == {"gamma": 0.2}
    assert active_options({"ranking": False, "gamma": 0.2, "beta": 0.9, "relabel_group": "all"}) == {"ranking": False}
    assert active_options({"relabelling": False, "margin_relabel": 0.4, "beta": 0.9}) == {
        "relabelling": False,
        "beta": 0.9,
    }
    assert active_options({"learnable_margin": 0}) == {"learnable_margin": 0}  # a number is no switch
    assert active_options({"bias": True}) == {"bias": True}


def test_unknown_tables_and_cells():
    with pytest.raises(ValueError, match="no runs stand behind table 'scn-1'"):
        grid("scn-1")
    with pytest.raises(ValueError, match="scn-6 has no cell"):
        find_cell("scn-6", "gamma 0.4", "RAF-DB")


def test_rows_of_other_architectures_are_marked_as_published_only():
    from scnlib.methods import METHODS

    for table in ("scn-7", "lrn-3"):
        for cell in grid(table):
            ours = cell.runs.method in METHODS
            marked = "published number only" in " ".join(needs(cell, "rendered"))
            assert ours != marked, cell.published.row


def test_label_distributions_want_votes():
    cell = find_cell("scn-7", "PLD", "FERPlus")
    assert (cell.runs.method, cell.runs.data) == ("baseline", {"rule": "distribution"})
    assert "annotators' votes" in needs(cell, "rendered")
    assert "annotators' votes" not in needs(cell, datasets=("ferplus",))
