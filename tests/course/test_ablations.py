"""Measuring functions of lessons 09 to 11, each against numbers worked out another way."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import torch

from scnlib.config import profile_config
from scnlib.course import ablations
from scnlib.methods import make_method
from scnlib.paper.verdicts import arm
from tests.paper.made import run, table


def rendered(method, accuracy, seed=0, noise_rate=0.3, options=None, key="", **fields):
    """A row of results of the quick recipe on rendered faces, some of its fields changed."""
    import json

    config = profile_config(
        "quick", method=method, noise_rate=noise_rate, seed=seed, options=options, **fields
    ).to_dict()
    row = run(method, accuracy, seed, noise_rate, options, json.loads(json.dumps(config)), dataset="rendered")
    row |= {"backbone": "small", "epochs": config["epochs"]}
    return row | {"key": key or f"{row['key']} {config['lr']}"}


def tidy(rows):
    return pd.DataFrame(rows, columns=["label", "value", "seed", "val", "test"])


class TestTuned:
    RUNS = tidy(
        [
            ("baseline", 0.05, 0, 40, 60),
            ("baseline", 0.05, 1, 42, 62),
            ("baseline", 0.1, 0, 39, 70),
            ("baseline", 0.1, 1, 40, 72),
            ("scn", 0.05, 0, 30, 50),
            ("scn", 0.05, 1, 30, 50),
            ("scn", 0.1, 0, 41, 58),
            ("scn", 0.1, 1, 41, 59),
            ("scn", 0.2, 0, 45, 64),
            ("scn", 0.2, 1, 45, 65),
        ]
    )

    def test_validation_chooses_and_the_test_is_only_read(self):
        found = ablations.tuned(self.RUNS, "baseline")
        assert found["value"].to_dict() == {"baseline": 0.05, "scn": 0.2}
        assert found["test"].to_dict() == {"baseline": 61, "scn": 64.5}  # 71 would be better for the baseline
        assert found.loc["baseline", "best_test"] == 71

    def test_gains_are_paired_by_seed_at_each_ones_own_choice(self):
        found = ablations.tuned(self.RUNS, "baseline").loc["scn"]
        differences = [64 - 60, 65 - 62]
        half = 12.706 * np.std(differences, ddof=1) / math.sqrt(2)  # Student's quantile for one degree of freedom
        assert found["gain"] == pytest.approx(3.5)
        assert (found["low"], found["high"]) == (
            pytest.approx(3.5 - half, abs=1e-3),
            pytest.approx(3.5 + half, abs=1e-3),
        )
        assert math.isnan(ablations.tuned(self.RUNS, "baseline").loc["baseline", "gain"])

    def test_a_choice_at_the_end_of_the_grid_is_told(self):
        middle = tidy([("baseline", value, 0, val, 50) for value, val in ((0.1, 1), (0.2, 3), (0.4, 2))])
        assert not ablations.tuned(middle, "baseline").loc["baseline", "at_edge"]
        assert ablations.tuned(self.RUNS, "baseline")["at_edge"].all()

    def test_a_value_with_fewer_seeds_cannot_win(self):
        lucky = tidy([("b", value, seed, 40, 60) for value in (0.1, 0.2) for seed in (0, 1)] + [("b", 0.4, 0, 90, 90)])
        found = ablations.tuned(lucky, "b").loc["b"]
        assert (found["value"], found["n"], found["tried"]) == (0.1, 2, 2)

    def test_an_extra_seed_at_one_value_is_left_out(self):
        runs = tidy([("b", 0.1, 0, 40, 60), ("b", 0.1, 1, 90, 99), ("b", 0.2, 0, 41, 61)])
        found = ablations.tuned(runs, "b").loc["b"]
        assert (found["value"], found["val"], found["n"], found["tried"]) == (0.2, 41, 1, 2)

    def test_a_value_without_the_common_seed_stays_out(self):
        runs = tidy([("b", v, seed, 40, 60) for v in (0.1, 0.2) for seed in (0, 1)] + [("b", 0.4, 2, 90, 90)])
        assert ablations.tuned(runs, "b").loc["b", ["value", "tried", "n"]].tolist() == [0.1, 2, 2]

    def test_one_seed_has_no_interval(self):
        found = ablations.tuned(self.RUNS[self.RUNS["seed"] == 0], "baseline").loc["scn"]
        assert found["gain"] == 4 and math.isnan(found["low"]) and found["n"] == 1

    def test_nothing_measured_gives_nothing(self):
        assert ablations.tuned(self.RUNS.iloc[:0], "baseline").empty

    def test_a_run_that_stands_there_twice_is_refused(self):
        with pytest.raises(ValueError, match="same label, value and seed"):
            ablations.tuned(pd.concat([self.RUNS, self.RUNS.iloc[:1]]), "baseline")

    def test_an_unknown_reference_is_refused(self):
        with pytest.raises(ValueError, match="no runs of the reference 'none'; there are: baseline, scn"):
            ablations.tuned(self.RUNS, "none")


class TestOutOfResults:
    def test_settings_are_told_apart_by_the_recipe(self):
        rows = [rendered("baseline", 60, seed, lr=lr) for lr, seed in itertools.product((0.05, 0.1), (0, 1))]
        rows.append(rendered("scn", 50, 0, options={"relabelling": False}, lr=0.1))
        results = table(*rows).assign(val_accuracy=[40, 41, 42, np.nan, 30])
        named = {"baseline": arm("baseline", 0.3), "scn": arm("scn", 0.3, relabelling=False)}
        found = ablations.by_setting(results, named, "lr", [0.05, 0.1, 0.2])
        assert found.values.tolist() == [
            ["baseline", 0.05, 0, 40, 60],
            ["baseline", 0.05, 1, 41, 60],
            ["baseline", 0.1, 0, 42, 60],
            ["scn", 0.1, 0, 30, 50],
        ]

    def test_a_sweep_has_a_row_for_what_was_measured(self):
        gammas = ((0.2, 0, 70), (0.2, 1, 72), (0.5, 0, 69), (0.5, 1, 70), (0.5, 2, 80))
        rows = [rendered("scn", acc, seed, 0.0, {"gamma": gamma}) for gamma, seed, acc in gammas]
        found = ablations.option_sweep(table(*rows), "gamma", (0.2, 0.5, 0.8), 0.5, {"clean": 0.0, "noisy": 0.3})
        assert found["value"].tolist() == [0.2, 0.5] and set(found["series"]) == {"clean"}
        assert found["n"].tolist() == [2, 3] and found["mean"].tolist() == [71, 73]
        assert found["gain"][0] == 1.5 and math.isnan(found["gain"][1])  # paired: 70 - 69 and 72 - 70

    def test_single_seeds_are_paired(self):
        rows = [rendered("baseline", 60, 0), rendered("baseline", 62, 1), rendered("scn", 59, 1), rendered("scn", 1, 2)]
        found = ablations.seed_gains(table(*rows), {"30 %": (arm("scn", 0.3), arm("baseline", 0.3))})
        assert found.values.tolist() == [["30 %", 1, -3]]

    def test_single_runs_of_arms(self):
        rows = [rendered("baseline", 60, 0), rendered("baseline", 62, 1), rendered("scn", 59, 1, noise_rate=0.1)]
        named = {"baseline": arm("baseline", 0.3), "SCN": arm("scn", 0.3)}
        assert ablations.runs_of(table(*rows), named).values.tolist() == [["baseline", 0, 60], ["baseline", 1, 62]]

    def test_the_rows_of_table_5_under_noise(self):
        found = ablations.arms_of("scn-5", 0.3)
        assert list(found) == ["none", "relabel", "rank", "weight", "weight + rank", "weight + rank + relabel"]
        assert found["none"].method == "baseline" and {runs.noise_rate for runs in found.values()} == {0.3}
        assert found["weight"].options == {"ranking": False, "relabelling": False}

    def test_three_arms_under_one_noise(self):
        assert ablations.three(0.3)["SCN without relabelling"] == arm("scn", 0.3, relabelling=False)
        assert {runs.noise_kind for runs in ablations.three(noise_kind="fer2013").values()} == {"fer2013"}

    def test_tables_for_the_eye(self):
        shown = ablations.readable(
            pd.DataFrame({"lr": [0.025], "a": [1.26], "b": [math.nan], "c": ["x"]}), exact=["lr"]
        )
        assert shown.values.tolist() == [[0.025, 1.3, "", "x"]]

    @pytest.mark.parametrize(
        ("seeds", "words"), [([0, 0], "seed 0"), ([2, 0, 1], "seeds 0, 1, 2"), ([], "no runs yet")]
    )
    def test_seeds_in_words(self, seeds, words):
        assert ablations.seed_words(seeds) == words

    def test_keys_of_an_arm_under_a_recipe(self):
        rows = [rendered("baseline", 60, lr=0.05, key="a"), rendered("baseline", 60, lr=0.1, key="b")]
        results = table(*rows, rendered("scn", 50, key="c"))
        assert ablations.keys_of(results, arm("baseline", 0.3)) == ["a"]
        assert ablations.keys_of(results, arm("baseline", 0.3), lr=0.1) == ["b"]
        assert ablations.keys_of(results, arm("baseline", 0.2)) == []

    def test_printed_gains_of_table_2(self):
        found = ablations.printed_gains("scn-2").set_index(["method", "dataset", "pretrained", "noise_rate"])["gain"]
        assert found[("scn", "RAF-DB", False, 0.1)] == pytest.approx(70.26 - 61.43)
        assert found[("scn", "FERPlus", True, 0.3)] == pytest.approx(82.47 - 79.34)
        assert len(found) == 24 and "baseline" not in found.index.get_level_values("method")

    def test_means_of_settings(self):
        found = ablations.setting_means(TestTuned.RUNS, "test").set_index(["series", "value"])
        assert found.loc[("scn", 0.2), "mean"] == 64.5 and found.loc[("scn", 0.2), "n"] == 2


class TestRelativeStep:
    IMAGES = torch.randint(0, 255, (16, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    LABELS = torch.arange(16) % 8

    def step(self, method="scn", **options):
        return ablations.relative_step(make_method(method, **options), self.IMAGES, self.LABELS, 8)

    def test_of_the_baseline_and_of_scn_without_modules_it_is_one(self):
        assert self.step("baseline") == pytest.approx(1)
        assert self.step(weighting="none", ranking=False, relabelling=False) == pytest.approx(1, rel=1e-5)

    @pytest.mark.parametrize("gamma", [0.2, 0.5, 0.8])
    def test_the_rank_loss_leaves_one_minus_gamma(self, gamma):
        assert self.step(weighting="none", relabelling=False, gamma=gamma) == pytest.approx(1 - gamma, rel=1e-4)

    def test_weighting_takes_its_alpha_too(self):
        weighted = self.step(ranking=False, relabelling=False)
        assert 0.2 < weighted < 0.8  # a fresh importance lies about one half
        assert self.step(relabelling=False) == pytest.approx(0.5 * weighted, rel=1e-4)


class TestLuck:
    def test_pooled_std(self):
        groups = [[1, 3], [10, 10, 13], [7]]
        squares = 2 + 6  # (1 - 2)^2 + (3 - 2)^2 and 1 + 1 + 4
        assert ablations.pooled_std(groups) == pytest.approx(math.sqrt(squares / 3))
        assert math.isnan(ablations.pooled_std([[1], [2]])) and math.isnan(ablations.pooled_std([]))

    @pytest.mark.parametrize(("effect", "std", "chance"), [(0.0, 1.0, 0.5), (1.0, 1.0, 0.158655), (-2.0, 1.0, 0.02275)])
    def test_wrong_sign(self, effect, std, chance):
        assert ablations.wrong_sign(effect, std) == pytest.approx(chance, abs=1e-5)
        draws = np.random.default_rng(0).normal(effect, std, 200_000)
        assert ablations.wrong_sign(effect, std) == pytest.approx(float((draws * (effect or 1) < 0).mean()), abs=5e-3)

    def test_wrong_sign_of_what_does_not_vary_and_of_nothing(self):
        assert ablations.wrong_sign(1.0, 0.0) == 0 and ablations.wrong_sign(0.0, 0.0) == 0.5
        assert math.isnan(ablations.wrong_sign(math.nan, 1.0))

    def test_the_span_of_lucky_sweeps(self):
        leads, spans = ablations.lucky_sweeps(2, 1.0)
        np.testing.assert_allclose(leads, spans)  # of two values
        assert leads.mean() == pytest.approx(2 / math.sqrt(math.pi), abs=0.02)  # E|N(0, 2)|
        assert ablations.lucky_sweeps(5, 1.0)[1].mean() == pytest.approx(2.326, abs=0.03)  # tabled range of 5 normals

    def test_more_runs_leave_less_to_luck_and_a_seed_repeats(self):
        one, four = (ablations.lucky_sweeps(5, 1.0, runs)[0] for runs in (1, 4))
        assert four.mean() == pytest.approx(one.mean() / 2)
        assert (one == ablations.lucky_sweeps(5, 1.0)[0]).all()

    def test_a_sweep_of_one_value_is_refused(self):
        with pytest.raises(ValueError, match="at least two values, got 1"):
            ablations.lucky_sweeps(1, 1.0)

    def test_crowding(self):
        exact = 2 * 0.5**3 + 0  # three coins alike
        assert ablations.crowding(3, [0.5, 0.5], 3) == pytest.approx(exact, abs=0.01)
        assert ablations.crowding(2, [1 / 3] * 3, 4) == 1.0  # four faces in three classes

    def test_unpaired_interval(self):
        assert ablations.unpaired_interval(50, 50, 100) == pytest.approx(1.96 * math.sqrt(2 * 0.25 / 100) * 100)


class TestClasses:
    CONFUSION = pd.DataFrame(
        [("x", "a", 6, 4), ("x", "b", 1, 9), ("y", "a", 8, 2), ("y", "b", 3, 7), ("z", "a", 0, 10), ("z", "b", 10, 0)],
        columns=["key", "label", "a", "b"],
    )

    def test_matrices_are_added_and_others_left_out(self):
        assert ablations.error_matrix(self.CONFUSION, ["x", "y"]).to_numpy().tolist() == [[14, 6], [4, 16]]
        assert ablations.class_recall(self.CONFUSION, ["x", "y"]) == {"a": 0.7, "b": 0.8}
        assert ablations.class_recall(self.CONFUSION, []) == {}

    def frame(self, rows, names="abc"):
        return pd.DataFrame(rows, index=list(names), columns=list(names))

    def test_the_same_mistakes_whatever_their_number(self):
        one = self.frame([[50, 9, 1], [8, 70, 2], [3, 7, 60]])
        often = one * 10
        assert ablations.same_mistakes(one, often) == pytest.approx(1)
        swapped = self.frame([[50, 1, 9], [2, 70, 8], [7, 3, 60]])
        assert ablations.same_mistakes(one, swapped) == pytest.approx(-1, abs=0.1)

    def test_how_many_are_right_does_not_count(self):
        one = self.frame([[50, 9, 1], [8, 70, 2], [3, 7, 60]])
        other = one.to_numpy(copy=True)
        np.fill_diagonal(other, 1)
        assert ablations.same_mistakes(one, self.frame(other)) == pytest.approx(1)

    def test_a_class_that_one_side_never_names_stays_out(self):
        one = self.frame([[50, 9, 1, 5], [8, 70, 2, 5], [3, 7, 60, 5], [1, 2, 3, 4]], "abcd")
        other = self.frame([[50, 9, 1, 0], [8, 70, 2, 0], [3, 7, 60, 0], [9, 0, 0, 0]], "abcd")
        assert ablations.same_mistakes(one, other) == pytest.approx(1)

    def test_several_matrices_are_judged_by_the_same_classes(self):
        one = self.frame([[50, 9, 1, 5], [8, 70, 2, 5], [3, 7, 60, 5], [1, 2, 3, 4]], "abcd")
        silent = one.assign(d=0)
        assert ablations.classes_in_use(one, silent) == ["a", "b", "c"]
        inside = one.loc[list("abc"), list("abc")]
        other = self.frame([[1, 2, 3], [1, 2, 4], [5, 2, 1]])
        assert ablations.same_mistakes(one, other, ["a", "b", "c"]) == ablations.same_mistakes(inside, other)

    def test_too_little_is_no_number(self):
        assert math.isnan(
            ablations.same_mistakes(self.frame([[1, 2], [3, 4]], "ab"), self.frame([[1, 2], [3, 4]], "ab"))
        )


class TestWords:
    def test_every_column_has_its_own_word(self):
        shown = ablations.readable(pd.DataFrame({"mean": [1.26, np.nan], "gain": [np.nan, 2], "x": [np.nan, 1]}))
        assert shown["mean"].tolist() == [1.3, "not measured"]
        assert shown["gain"].tolist() == ["no gain to show", 2] and shown["x"].tolist() == ["", 1]
        assert ablations.readable(pd.DataFrame({"x": [62.45]}))["x"].tolist() == [float(f"{62.45:.1f}")]
        assert ablations.readable(pd.DataFrame({12: [0.26]}))[12].tolist() == [0.3], "names of columns may be numbers"
        assert ablations.readable(pd.DataFrame({"x": [np.nan]}), missing="none")["x"].tolist() == ["none"]

    def test_a_simulated_zero_is_rare_and_not_never(self):
        assert ablations.rare(0) == "fewer than 1 in 1,000" and ablations.rare(0.1234) == "12.3 % of"

    def test_unequal_grids_and_edges_are_named(self):
        rows = [("a", value, 0, value, 50) for value in (1, 2, 3)] + [
            ("b", value, 0, -abs(value - 2), 50) for value in (1, 2)
        ]
        runs = tidy(rows)
        grids, edges = ablations.unequal_effort(runs, ablations.tuned(runs, "a"))
        assert grids == "the rates tried differ (a 1, 2, 3; b 1, 2)" and edges.endswith("for a, b")
        fair = tidy([(label, value, 0, -abs(value - 2), 50) for label in "ab" for value in (1, 2, 3)])
        assert ablations.unequal_effort(fair, ablations.tuned(fair, "a")) == []


@pytest.mark.parametrize("by", ["true", "given"])
def test_a_score_that_knows_the_class_alone_against_all_pairs(by):
    counts = pd.DataFrame([[6, 4, 0], [1, 8, 0], [0, 3, 2]], list("abc"), list("abc"))
    faces = [(true, given) for true in counts.index for given in counts for _ in range(counts.loc[true, given])]
    known = [face[by == "given"] for face in faces]
    wrong = [true != given for true, given in faces]
    rate = {name: np.mean([w for k, w in zip(known, wrong, strict=True) if k == name]) for name in set(known)}
    pairs = [(rate[known[i]] > rate[known[j]]) + 0.5 * (rate[known[i]] == rate[known[j]])
             for i in range(len(faces)) for j in range(len(faces)) if wrong[i] and not wrong[j]]  # fmt: skip
    assert ablations.class_only_auroc(counts, by) == pytest.approx(np.mean(pairs))
