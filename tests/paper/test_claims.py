"""Verdicts against intervals worked out by hand."""

import math

import pytest

from scnlib.paper import CLAIMS, add_curves, claims_table, claims_text, load_results, stats
from scnlib.paper.verdicts import Condition, conclude, judge
from tests.paper.made import run, table

# Two-sided 95 % quantiles of Student's t, from printed tables.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262, 29: 2.045}


def verdict(results, claim, dataset="ferplus"):
    frame = claims_table(results)
    found = frame[(frame["id"] == claim) & (frame["dataset"] == dataset)]
    assert len(found) == 1
    return found.iloc[0]


def paired(better, worse, gains, noise_rate=0.0, **fields):
    """Runs of two arms, given as (method, options), whose accuracies differ by ``gains``, one for each seed."""
    for seed, gain in enumerate(gains):
        yield run(worse[0], 50.0 + seed, seed, noise_rate, worse[1], **fields)
        yield run(better[0], 50.0 + seed + gain, seed, noise_rate, better[1], **fields)


SCN, BASELINE = ("scn", {}), ("baseline", {})


def over_baseline(gains, noise_rate=0.0, **fields):
    return list(paired(SCN, BASELINE, gains, noise_rate, **fields))


# The rules ----------------------------------------------------------------------------------------


def test_t_interval_against_printed_tables():
    for freedom, t in T.items():
        values = [0.0] * freedom + [1.0]
        n = freedom + 1
        expected = t * math.sqrt((1 - 1 / n) / (n - 1)) / math.sqrt(n)
        assert stats.half_width(values) == pytest.approx(expected, rel=5e-4)
    assert math.isnan(stats.half_width([1.0])) and math.isnan(stats.standard_deviation([]))
    assert math.isnan(stats.mean([])) and stats.mean([1, 2, 6]) == 3


def test_held_when_the_interval_excludes_zero():
    found = judge([1.0, 2.0, 3.0])  # mean 2, s 1: 2 +- 4.303 / sqrt(3) = 2 +- 2.484: includes 0
    assert found.verdict == "direction only"
    assert found.interval == pytest.approx((2 - 2.484, 2 + 2.484), abs=1e-3)
    found = judge([1.5, 2.0, 2.5])  # s .5: 2 +- 1.242
    assert (found.verdict, found.effect, found.n) == ("held", 2.0, 3)
    assert found.interval == pytest.approx((0.758, 3.242), abs=1e-3)


def test_one_seed_gives_a_direction_only():
    assert judge([5.0]).verdict == "direction only"
    assert judge([-5.0]).verdict == "not held"
    assert all(map(math.isnan, judge([5.0]).interval))


def test_the_other_sign_is_not_held_whatever_the_interval():
    assert judge([-1.0, 0.9]).verdict == "not held"
    assert judge([-2.0, -2.1, -1.9]).verdict == "not held"
    assert judge([0.0, 0.0]).verdict == "not held"
    assert judge([1.0, 1.0]).verdict == "held"
    assert judge([]).verdict == "not tested"
    with pytest.raises(ValueError, match="finite"):
        judge([1.0, math.nan])


def test_several_conditions_must_all_hold():
    strong, weak, wrong = Condition("a", (1.5, 2.0, 2.5)), Condition("b", (5.0,)), Condition("c", (-0.1, -0.2))
    gone = Condition("d", (), "no runs of x")
    assert conclude([strong, strong]).verdict == "held"
    assert conclude([strong, weak]).verdict == "direction only"
    found = conclude([strong, weak, wrong])
    assert (found.verdict, found.effect, found.n) == ("not held", pytest.approx(-0.15), 2)
    assert all(name in found.detail for name in ("a: +2.00", "b: +5.00", "c: -0.15"))
    assert "n = 1" in conclude([Condition("e", (-3.0,))]).detail
    found = conclude([strong, gone])
    assert found.verdict == "not tested" and math.isnan(found.effect) and found.detail.endswith("; no runs of x")
    assert conclude([wrong, gone]).verdict == "not held"  # refuted already
    assert conclude([strong, gone], need_all=False).verdict == "held"
    assert conclude([gone]).detail == "no runs of x"
    many = [Condition(name, (), f"no runs of {name}") for name in "xyyz"]
    assert conclude(many).detail == "no runs of x; no runs of y; and 1 more"


# The ledger ---------------------------------------------------------------------------------------


def test_every_claim_of_the_list_is_in_the_ledger():
    expected = [f"S{i:02}" for i in range(1, 33)] + [f"L{i:02}" for i in range(1, 12)]
    assert set(expected) <= set(CLAIMS)
    assert {c.split("-")[0] for c in CLAIMS} == set(expected)
    assert all(claim.text and claim.place and bool(claim.test) != bool(claim.needs) for claim in CLAIMS.values())


def test_without_results_nothing_is_tested_and_every_line_says_why(tmp_path):
    frame = claims_table(load_results(tmp_path))
    assert list(frame["id"]) == list(CLAIMS)
    assert set(frame["verdict"]) == {"not tested"}
    assert (frame["detail"] != "").all() and (frame["n"] == 0).all()
    assert len(claims_text(frame).splitlines()) == len(CLAIMS)


def test_s10_holds_only_at_every_ratio():
    good = [1.5, 2.0, 2.5]
    rows = [r for rate in (0.1, 0.2, 0.3) for r in over_baseline(good, rate)]
    found = verdict(table(*rows), "S10")
    assert (found["verdict"], found["effect"], found["n"]) == ("held", pytest.approx(2.0), 3)
    assert (found["low"], found["high"]) == pytest.approx((0.758, 3.242), abs=1e-3)
    assert "at noise 30 %: +2.00 points" in found["detail"]
    assert verdict(table(*rows[:12]), "S10")["verdict"] == "not tested"
    worse = [*rows[:12], *over_baseline([-1.0, -2.0, -3.0], 0.3)]
    found = verdict(table(*worse), "S10")
    assert (found["verdict"], found["effect"]) == ("not held", pytest.approx(-2.0))
    assert verdict(table(*rows), "S11")["verdict"] == "not tested"
    assert verdict(table(*rows), "L05-scn")["verdict"] == "held"
    assert "no runs of lrn" in verdict(table(*rows), "L05")["detail"]


def test_s11_wants_pretrained_runs():
    rows = [r for rate in (0.1, 0.2, 0.3) for r in over_baseline([1.5, 2.0, 2.5], rate, weights="msceleb")]
    assert verdict(table(*rows), "S11")["verdict"] == "held"
    assert verdict(table(*rows), "S10")["verdict"] == "not tested"


def test_s12_is_the_slope_of_the_gains():
    rows = [r for rate, g in ((0.1, [1, 1]), (0.2, [0, 9]), (0.3, [5, 6])) for r in over_baseline(g, rate)]
    found = verdict(table(*rows), "S12")
    # Least squares through (1, a), (2, b), (3, c) has the slope (c - a) / 2: 2 and 2.5.
    assert found["effect"] == pytest.approx(2.25)
    assert found["high"] - found["effect"] == pytest.approx(12.706 * math.sqrt(0.125) / math.sqrt(2), rel=1e-4)
    assert found["verdict"] == "direction only"
    assert "gains +1.00 / +4.50 / +5.50" in found["detail"]
    assert verdict(table(*rows[:8]), "S12")["verdict"] == "not tested"


def test_s15_and_s17():
    clean = over_baseline([1.5, 2.0, 2.5])
    assert verdict(table(*clean), "S15")["verdict"] == "held"
    relabel = ("scn", {"weighting": "none", "ranking": False})
    harmed = list(paired(relabel, BASELINE, [-1.0, -1.1, -0.9]))
    found = verdict(table(*harmed), "S17")
    assert (found["verdict"], found["effect"]) == ("held", pytest.approx(1.0))
    helped = list(paired(relabel, BASELINE, [1.0, 1.1, 0.9]))
    assert verdict(table(*helped), "S17")["verdict"] == "not held"


def test_s18_goes_row_by_row():
    arms = [
        ("baseline", {}, 50.0),
        ("scn", {"ranking": False, "relabelling": False}, 52.0),
        ("scn", {"relabelling": False}, 53.0),
        ("scn", {}, 53.5),
    ]
    rows = [run(m, a + s, s, options=o) for m, o, a in arms for s in range(3)]
    found = verdict(table(*rows), "S18")
    assert (found["verdict"], found["effect"]) == ("held", pytest.approx(0.5))
    harmful = [*rows[:-3], *(run("scn", 51.0 + s, s) for s in range(3))]
    assert verdict(table(*harmful), "S18")["verdict"] == "not held"


def test_sweeps_compare_the_default_with_every_other():
    rows = [run("scn", 60.0, s) for s in range(2)]
    for gamma in (0.2, 0.3, 0.6, 0.8):
        rows += [run("scn", 60.0 - gamma - s / 100, s, options={"gamma": gamma}) for s in range(2)]
    found = verdict(table(*rows), "S20")
    assert (found["verdict"], found["effect"]) == ("held", pytest.approx(0.205))
    assert verdict(table(*rows[:-2]), "S20")["verdict"] == "not tested"
    assert 'scn {"gamma": 0.8} on clean labels' in verdict(table(*rows[:-2]), "S20")["detail"]


def test_s22_close_is_less_than_one_point_below():
    def rows(gap):
        for rate in (0.0, 0.1):
            yield run("scn", 60.0, 0, rate)
            yield run("scn", 60.0 - gap, 0, rate, options={"learnable_margin": True})

    assert verdict(table(*rows(0.55)), "S22")["verdict"] == "direction only"
    assert verdict(table(*rows(1.5)), "S22")["verdict"] == "not held"


def test_s01_needs_curves_and_compares_last_with_first():
    runs = [run("baseline", 50.0, s, 0.3, memorised=50.0 + 10 * s) for s in range(2)]
    results = table(*runs)
    assert "needs the curves" in verdict(results, "S01")["detail"]
    curves = table(*runs).assign(epoch=1, memorised=[0.1, 0.1])
    found = verdict(add_curves(results, curves), "S01")
    assert found["effect"] == pytest.approx(45.0)  # 40 and 50 points
    assert "from 10.0 % to 55.0 %" in found["detail"]


def test_alpha_claims_take_the_noise_that_was_run():
    options = {"relabelling": False}
    rows = [run("scn", 50, s, 0.3, options, alpha_auroc=0.5 + d, alpha_mean=0.9) for s, d in enumerate((0.01, 0.02))]
    found = verdict(table(*rows), "S04-flipped")
    assert found["effect"] == pytest.approx(0.015)
    assert found["verdict"] == "direction only"
    plain = {"ranking": False, "relabelling": False}
    rows += [run("scn", 50, s, 0.3, plain, alpha_auroc=0.5, alpha_mean=0.01) for s in range(2)]
    assert verdict(table(*rows), "S05")["effect"] == pytest.approx(0.015)
    found = verdict(table(*rows), "S02-logits")
    assert (found["verdict"], found["effect"]) == ("not held", pytest.approx(-0.04))
    real = [run("scn", 50, s, 0.0, options, noise_kind="fer2013", alpha_auroc=0.6) for s in range(2)]
    assert "FER2013's own labels" in verdict(table(*real), "S04-flipped")["detail"]


def test_s08_counts_right_labels_against_those_that_came():
    rows = []
    for rate in (0.1, 0.2, 0.3):
        for seed, cure in enumerate((2.0, 3.0)):
            rows.append(run("baseline", 50, seed, rate, label_accuracy=100 - 100 * rate))
            rows.append(run("scn", 50, seed, rate, label_accuracy=100 - 100 * rate - cure, relabel_precision=40.0))
    found = verdict(table(*rows), "S08")
    assert (found["verdict"], found["effect"]) == ("not held", pytest.approx(-2.5))
    assert "precision of the changes 40.0 %" in found["detail"]


def test_s14_is_a_difference_of_gains():
    rows = [*over_baseline([1.0, 2.0]), *over_baseline([4.0, 5.0], noise_kind="fer2013")]
    found = verdict(table(*rows), "S14")
    assert (found["effect"], found["n"], found["verdict"]) == (3.0, 2, "held")


def test_datasets_and_recipes_have_their_own_rows():
    ferplus = over_baseline([1.5, 2.0, 2.5])
    rendered = over_baseline([-1.0, -1.1, -0.9], dataset="rendered")
    longer = over_baseline([3.0, 3.1, 3.2], epochs=40)
    frame = claims_table(table(*ferplus, *rendered, *longer))
    found = frame[frame["id"] == "S15"]
    assert found["dataset"].tolist() == ["ferplus", "ferplus", "rendered"]
    assert found["verdict"].tolist() == ["held", "held", "not held"]
    assert found["effect"].tolist() == pytest.approx([2.0, 3.1, -1.0])
    assert all("epochs" in recipe for recipe in found["recipe"])


def test_different_starts_of_relabelling_are_judged_apart():
    rows = [*over_baseline([1.5, 2.0, 2.5]), *(run("scn", 40.0 + s, s, options={"relabel_epoch": 4}) for s in range(3))]
    found = claims_table(table(*rows))
    found = found[found["id"] == "S15"].set_index("recipe")["verdict"]
    assert {recipe.rsplit(", ", 1)[1]: v for recipe, v in found.items()} == {
        "relabelling from epoch 10": "held",
        "relabelling from epoch 4": "not held",
    }


def test_a_run_measured_twice_counts_once():
    rows = over_baseline([1.5, 2.0, 2.5])
    again = [row | {"origin": "measured here"} for row in rows]
    assert verdict(table(*rows, *again), "S15")["n"] == 3


def test_text_is_a_line_a_claim():
    lines = claims_text(claims_table(table(*over_baseline([1.5, 2.0, 2.5])))).splitlines()
    (s15,) = [line for line in lines if line.startswith("S15")]
    assert "ferplus" in s15 and "held (+2.00, n = 3)" in s15
    assert len(lines) == len(CLAIMS)
