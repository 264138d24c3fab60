"""Groups of runs by arm and recipe, with means and gains worked out by hand."""

import json
import math

import pytest

from scnlib.config import profile_config
from scnlib.paper import arm, arms, compact, difference
from tests.paper.made import run, table


def real(method, accuracy, seed=0, noise_rate=0.0, options=None, profile="quick", dataset="rendered", **fields):
    """A row as ``Run.row`` writes it: a whole config, and no start of relabelling where it is the profile's own."""
    options = dict(options or {})
    config = profile_config(
        profile, dataset=dataset, method=method, options=options, noise_rate=noise_rate, seed=seed, **fields
    )
    said = {k: v for k, v in options.items() if k != "variant"}
    columns = {name: getattr(config, name) for name in ("dataset", "size", "backbone", "epochs", "profile", "split")}
    columns["variant"] = options.get("variant", "paper" if method == "scn" else "")
    return run(method, accuracy, seed, noise_rate, said, config.to_dict(), **columns)


def found(results, named, **options):
    return arms(results, named, **options).set_index("label")


def test_means_and_paired_gains_by_hand():
    """Baseline 60, 61, 65 and SCN 58, 60 on seeds 0, 1: gains -2 and -1."""
    rows = [real("baseline", a, s, 0.3) for s, a in enumerate((60.0, 61.0, 65.0))]
    rows += [real("scn", a, s, 0.3) for s, a in enumerate((58.0, 60.0))]
    named = {"baseline": arm("baseline", 0.3), "SCN": arm("scn", 0.3), "nobody": arm("scn", 0.2)}
    shown = found(table(*rows), named, reference="baseline")
    assert shown["mean"].tolist()[:2] == [62.0, 59.0] and math.isnan(shown["mean"]["nobody"])
    assert shown["std"]["baseline"] == pytest.approx(math.sqrt((4 + 1 + 9) / 2))
    assert shown["n"].tolist() == [3, 2, 0]
    assert shown["seeds"].tolist() == ["0, 1, 2", "0, 1", ""]
    assert shown["shared"].tolist() == [0, 2, 0]
    assert shown["gain"]["SCN"] == -1.5
    # s = 1 / sqrt(2); t(1) at 97.5 % is 12.706
    assert shown["high"]["SCN"] == pytest.approx(-1.5 + 12.706 / 2, rel=1e-4)
    assert shown["low"]["SCN"] == pytest.approx(-1.5 - 12.706 / 2, rel=1e-4)
    assert shown["gain"][["baseline", "nobody"]].isna().all()
    with pytest.raises(ValueError, match="reference 'base' is no label; labels: 'baseline', 'SCN', 'nobody'"):
        arms(table(*rows), named, reference="base")


def test_recipes_are_told_apart_by_fields():
    rows = [
        real("scn", 50.0, noise_rate=0.3),
        real("scn", 51.0, noise_rate=0.3, lr=0.1),
        real("scn", 52.0, noise_rate=0.3, epochs=24),
        real("scn", 53.0, noise_rate=0.3, batch_size=64, lr=0.025),
        real("scn", 54.0, noise_rate=0.3, profile="smoke"),
        real("scn", 55.0, noise_rate=0.3, data={"n": 2000}),
        real("scn", 56.0, noise_rate=0.3, dataset="ferplus"),
    ]
    results, named = table(*rows), {"SCN": arm("scn", 0.3)}

    def mean(**options):
        return found(results, named, **options)["mean"]["SCN"]

    assert mean() == 50
    assert mean(lr=0.1) == 51
    assert mean(epochs=24) == 52
    assert mean(batch_size=64, lr=0.025) == 53
    assert mean(profile="smoke") == 54
    assert mean(dataset="ferplus") == 56
    assert math.isnan(mean(lr=0.2))
    assert arms(results, named, lr=0.1)["recipe"].tolist() == ["quick, lr 0.1"]
    with pytest.raises(ValueError, match="a run has no field 'rate'"):
        mean(rate=0.1)


def test_an_arm_may_have_its_own_recipe():
    rows = [real("baseline", 60.0), real("scn", 50.0), real("scn", 58.0, lr=0.1)]
    named = {"baseline": arm("baseline"), "SCN": arm("scn"), "twice the rate": (arm("scn"), {"lr": 0.1})}
    assert found(table(*rows), named, reference="baseline")["gain"].tolist()[1:] == [-10, -2]


def test_the_start_of_relabelling_is_selectable():
    """Quick starts at epoch 4, of 24 epochs at 8; the options of a row name a start only where it is another one."""
    late = real("scn", 52.0, options={"relabel_epoch": 8})
    results = table(real("scn", 50.0), late, real("scn", 54.0, epochs=24))

    def mean(epochs=12, **options):
        return found(results, {"SCN": arm("scn", **options)}, epochs=epochs)["mean"]["SCN"]

    assert mean() == mean(relabel_epoch=4) == 50
    assert mean(relabel_epoch=8) == 52
    assert mean(epochs=24) == mean(epochs=24, relabel_epoch=8) == 54
    assert math.isnan(mean(relabel_epoch=9))


def test_the_released_codes_variant_is_selectable():
    results = table(real("scn", 50.0), real("scn", 51.0, options={"variant": "released_code"}))
    assert found(results, {"SCN": arm("scn")})["mean"]["SCN"] == 50
    assert found(results, {"SCN": arm("scn", variant="released_code")})["mean"]["SCN"] == 51


def test_fields_that_came_later_do_not_split_a_recipe():
    early = real("baseline", 60.0)
    config = json.loads(early["config"])
    assert config.pop("optimizer") == "sgd"
    results = table(early | {"config": json.dumps(config)}, real("baseline", 62.0, 1))
    assert found(results, {"baseline": arm("baseline")})["n"]["baseline"] == 2


def test_nobody_knows_how_a_run_without_a_config_was_trained():
    results = table(real("baseline", 60.0) | {"config": ""}, real("baseline", 62.0, 1))
    assert found(results, {"baseline": arm("baseline")})["seeds"]["baseline"] == "1"


def test_a_gain_is_over_runs_of_one_version_on_the_same_images():
    """The baseline was measured again under version 2, SCN was not; nothing else differs."""
    named = {"baseline": arm("baseline"), "SCN": arm("scn")}
    for column in ("recipe_version", "data"):
        rows = [real("baseline", 77.4) | {column: "2"}, real("scn", 74.2) | {column: "1"}]
        shown = found(table(*rows), named, reference="baseline").loc["SCN"]
        assert (shown["mean"], shown["shared"]) == (74.2, 0) and math.isnan(shown["gain"])
        assert difference(table(*rows), named["SCN"], named["baseline"])["n"] == 0
        assert (
            compact("scn-4", table(*rows)).loc["scratch, SCN", "gain on rendered faces"] == "no baseline to pair with"
        )


def test_any_column_can_be_read():
    rows = table(real("scn", 50.0) | {"alpha_auroc": 0.55})
    assert found(rows, {"SCN": arm("scn")}, column="alpha_auroc")["mean"]["SCN"] == 0.55


def test_a_run_measured_here_and_at_full_scale_counts_once():
    rows = [real("scn", 50.0), real("scn", 50.0) | {"origin": "measured here"}]
    assert found(table(*rows), {"SCN": arm("scn")})["n"]["SCN"] == 1


def test_compact_has_a_row_for_each_of_the_papers():
    rows = [real("baseline", a, s) for s, a in enumerate((70.0, 72.0))]
    rows += [real("scn", a, s, options={"relabelling": False}) for s, a in enumerate((69.0, 70.0))]
    rows += [real("scn", 60.0, dataset="ferplus")]
    shown = compact("scn-5", table(*rows))
    assert len(shown) == 12  # six rows in two columns, which differ in more than the dataset
    assert shown.loc["none", "published, RAF-DB"] == "72.00"
    assert shown.loc["none", "rendered faces"] == "71.00 ± 1.41 (n = 2)"
    assert shown.loc["none", "gain on rendered faces"] == "baseline"
    assert shown.loc["weight + rank", "published, RAF-DB"] == "76.57 (+4.57)"
    # gains -1 and -2: s = 1 / sqrt(2), half the interval 12.706 / 2
    assert shown.loc["weight + rank", "gain on rendered faces"] == "-1.50 [-7.85, +4.85]"
    assert shown.loc["weight + rank + relabel", "FERPlus"] == "60.00 (n = 1)"
    assert shown.loc["weight + rank + relabel", "gain on FERPlus"] == "no baseline to pair with"
    assert shown.loc["weight", "rendered faces"] == "not measured yet"
    assert shown.loc["weight, pretrained", "rendered faces"] == "needs MS-Celeb-1M weights"
    assert (shown != "").all(axis=None)


def test_compact_says_where_runs_from_scratch_stand_in():
    """LRN's table 2 starts from weights throughout; who has none sees what was measured from scratch, called so."""
    rows = [real("baseline", 60.0, seed) for seed in (0, 1)] + [real("lrn", 61.0)]
    shown = compact("lrn-2", table(*rows), ("rendered",))
    assert shown.loc["baseline, L_ce", "rendered faces"] == "60.00 ± 0.00 (n = 2, from scratch)"
    assert shown.loc["LRN, L_cls + L_cld", "rendered faces"] == "61.00 (n = 1, from scratch)"
    assert shown.loc["LRN, L_cls + L_cld", "gain on rendered faces"] == "+1.00"


def test_compact_keeps_the_columns_of_one_row_together():
    shown = compact("scn-2", table(real("baseline", 60.0, noise_rate=0.3)), ("rendered",))
    row = shown.loc["scratch, noise 30 %, baseline"]
    assert row[["published, RAF-DB", "published, AffectNet", "published, FERPlus"]].tolist() == [
        "46.81", "38.35", "68.54"
    ]  # fmt: skip
    assert row["rendered faces"] == "60.00 (n = 1)"
    assert shown.loc["scratch, noise 30 %, MetaCleaner", "rendered faces"] == "not measured yet"
    assert shown.loc["scratch, noise 30 %, MetaCleaner", "published, AffectNet"] == "not reported"


def test_a_difference_is_over_the_seeds_that_both_have():
    rows = [real("baseline", a, seed) for seed, a in enumerate((60, 61, 65))]
    rows += [real("scn", a, seed) for seed, a in ((1, 62), (2, 63), (9, 10))]
    gap = difference(table(*rows), arm("scn"), arm("baseline"))
    assert (gap["effect"], gap["n"]) == (-0.5, 2)  # +1 and -2
    assert gap["high"] - gap["low"] == pytest.approx(2 * 12.706 * 1.5, rel=1e-3)  # t(1) s / sqrt(2), s = 3 / sqrt(2)
    assert difference(table(*rows), arm("scn", 0.3), arm("baseline"))["n"] == 0
    again = difference(table(*rows), (arm("scn"), {"lr": 0.1}), arm("baseline"))
    assert again["n"] == 0 and math.isnan(again["effect"])
