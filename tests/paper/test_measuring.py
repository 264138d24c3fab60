"""Which runs stand behind table 3 on rendered faces, and when a pair of them counts as measured."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from scnlib import runs, splits
from scnlib.config import RECIPE_VERSION, profile_config
from scnlib.paper import measuring, side_by_side
from scnlib.paper.measuring import chains, missing_chains, wanted
from scnlib.paper.results import HERE
from tests.conftest import load_squares
from tests.paper.made import run, table


def web(method):
    return profile_config("quick", dataset="rendered_web", method=method)


def started_from(first, second, key="0123456789abcdef"):
    recipe = replace(first, seed=0).sha256()[:8]
    return replace(
        second, pretrained=f"{first.dataset}-{first.method.name}@run:{recipe}:{key}", normalization="centred"
    )


def results(*configs):
    return pd.DataFrame({"config": [json.dumps(c.to_dict()) for c in configs], "recipe_version": RECIPE_VERSION})


def test_table_3_has_one_run_from_scratch_and_all_four_pairs():
    assert [c.method.name for c in wanted("scn-3", "rendered")] == ["baseline"]
    pairs = chains("scn-3", "rendered", seeds=(0, 1))
    names = [(a.dataset, a.method.name, b.dataset, b.method.name, a.seed, b.seed) for a, b in pairs]
    combinations = [("baseline", "baseline"), ("baseline", "scn"), ("scn", "scn"), ("scn", "baseline")]
    assert names == [
        ("rendered_web", a, "rendered", b, seed, seed) for seed in (0, 1) for a, b in combinations
    ]  # fmt: skip
    assert all(a.backbone == b.backbone and a.size == b.size for a, b in pairs)
    assert chains("scn-3", "ferplus") == [] and chains("scn-2", "rendered") == []


def test_a_pair_is_measured_by_the_run_that_started_from_its_first_whatever_the_key():
    pairs = chains("scn-3", "rendered", seeds=(0, 1))
    first, second = pairs[2]  # with SCN, with SCN, seed 0
    assert missing_chains(pairs, results()) == pairs
    left = missing_chains(pairs, results(started_from(first, second, key="f" * 16)))
    assert left == [pair for pair in pairs if pair != (first, second)]
    # From scratch, from another method's run, or from a run of another recipe: not measured.
    others = [second, started_from(web("baseline"), second), started_from(replace(first, epochs=6), second)]
    assert (first, second) in missing_chains(pairs, results(*others))
    old = results(started_from(first, second)).assign(recipe_version=RECIPE_VERSION - 1)
    assert missing_chains(pairs, old) == pairs


def test_the_table_shows_each_row_with_the_gain_over_no_pretraining():
    pairs = {(a.method.name, b.method.name): (a, b) for a, b in chains("scn-3", "rendered")}

    def row(method, accuracy, config, weights=""):
        return run(method, accuracy, dataset="rendered", backbone="small", config=config.to_dict(), weights=weights)

    scratch = profile_config("quick", dataset="rendered", method="baseline")
    found = table(
        row("baseline", 70.0, scratch),
        row("baseline", 72.0, started_from(*pairs["baseline", "baseline"]), "rendered_web-baseline"),
        row("scn", 69.0, started_from(*pairs["scn", "scn"]), "rendered_web-scn"),
    )
    shown = side_by_side("scn-3", found, "rendered", "quick").query("column == 'RAF-DB'").set_index("row")
    assert shown["measured"].tolist()[:2] == [70.0, 72.0] and shown["measured"].iloc[3] == 69.0
    assert shown["measured_gain"].iloc[1] == 2.0 and shown["measured_gain"].iloc[3] == -1.0
    assert shown["missing"].iloc[2] == "not measured yet"
    real = side_by_side("scn-3", found).query("column == 'FERPlus'")["missing"].tolist()
    assert real == ["needs FERPlus"] + ["needs FERPlus and WebEmotion"] * 3


def test_a_table_that_starts_from_weights_is_run_from_scratch_without_them():
    names = [(c.method.name, c.noise_rate, c.pretrained) for c in wanted("lrn-1", "rendered")]
    methods = ("baseline", "ipa2lt", "scn", "lrn")
    assert names == [(method, rate, "") for rate in (0.1, 0.2, 0.3) for method in methods]
    assert len({c.method for c in wanted("lrn-2", "rendered")}) == 4
    assert {c.method.name for c in wanted("scn-7", "rendered")} >= {"baseline", "scn", "ipa2lt", "weighted_loss"}


def test_with_a_checkpoint_the_cells_that_start_from_it_are_run(monkeypatch):
    def started(config, weights):
        return replace(config, pretrained=f"{weights}@sha256:{0:016}", normalization="unit")

    monkeypatch.setattr(measuring, "start_from", started)
    found = measuring.wanted_from("msceleb", "scn-4", "ferplus", seeds=(0, 1))
    assert {(c.method.name, c.pretrained, c.dataset) for c in found} == {
        (method, f"msceleb@sha256:{0:016}", "ferplus") for method in ("baseline", "scn")
    }
    assert len(measuring.wanted_from("msceleb", "scn-2", "rendered")) == 6  # its rows from scratch are no part of it
    assert measuring.wanted_from("msceleb", "scn-5", "rendered") and not measuring.wanted_from("x", "scn-6", "rendered")
    with pytest.raises(ValueError, match="imagenet, the cells of scn-4 start from msceleb.*scn run --weights"):
        measuring.wanted_from("imagenet", "scn-4", "rendered")


def test_who_has_the_weights_runs_no_stand_ins_from_scratch():
    assert wanted("lrn-1", "rendered", stand_ins=False) == []
    with_scratch_rows = wanted("scn-4", "rendered", stand_ins=False)
    assert with_scratch_rows and all(not config.pretrained for config in with_scratch_rows)


def darkened(monkeypatch, brightness):
    def load(name, root=None, split="train", **options):
        faces = load_squares(name, root, split, **options)
        source = replace(faces.source, sha256=f"{brightness}{faces.source.sha256[1:]}")
        return replace(faces, images=faces.images // brightness, source=source)

    monkeypatch.setattr(splits, "load_dataset", load)


def short(dataset):
    return profile_config("quick", dataset=dataset, method="baseline", epochs=1, size=32, batch_size=64)


def test_another_folder_is_refused_before_anything_is_trained(squares, monkeypatch):
    darkened(monkeypatch, 1)
    runs.run(short("folder"))
    there = measuring.everything("quick")[0]
    measuring.check_images(short("folder"), "the same", there)
    measuring.check_images(replace(short("folder"), size=48), "not measured in this size", there)
    darkened(monkeypatch, 2)
    with pytest.raises(ValueError, match=r"--root other: .*SCN_OUT"):
        measuring.check_images(short("folder"), "other", there)
    measuring.check_images(short("rafdb"), "a dataset that is one wherever it lies", there)


def test_other_images_replace_a_run_unless_they_are_another_folder(squares, monkeypatch):
    def train(dataset, brightness):
        darkened(monkeypatch, brightness)
        monkeypatch.setattr(runs, "now", lambda: f"2026-01-01T00:00:0{brightness}")
        return runs.run(short(dataset)).manifest["key"]

    _, newer, *folders = (train("rafdb", 1), train("rafdb", 2), train("folder", 1), train("folder", 2))
    here, *_ = measuring.everything("quick")
    assert len({newer, *folders}) == 3
    assert set(here.loc[here["origin"] == HERE, "key"]) == {newer, *folders}
