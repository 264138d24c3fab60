"""Leaderboards for reading, each against numbers worked out by hand."""

import math

import pandas as pd
import pytest

from scnlib.course import leaderboards
from scnlib.paper import boards as all_boards
from scnlib.paper.verdicts import arm
from tests.course.test_readings import rendered
from tests.paper.made import run, table

NAN = math.nan
BOARD = pd.DataFrame(
    {
        "method": ["gce", "baseline", "mixup", "rul"], "label": ["GCE", "baseline", "mixup", "RUL"],
        "mean": [65.0, 62.0, 50.0, NAN], "std": [3.6, 2.6, NAN, NAN], "n": [3, 3, 1, 0],
        "seeds": ["0, 1, 2", "0, 1, 2", "0", ""], "gain": [3.0, NAN, -10.0, NAN], "low": [0.5, NAN, NAN, NAN],
        "high": [5.5, NAN, NAN, NAN], "low_all": [-0.5, NAN, NAN, NAN], "high_all": [6.5, NAN, NAN, NAN],
        "mean_class_accuracy": [55.0, 52.0, 40.0, NAN], "memorised": [5.0, 20.0, NAN, NAN],
        "alpha_auroc": [0.8, NAN, NAN, NAN], "shared": [2, 0, 1, 0],
    }
)  # fmt: skip


class TestReading:
    def test_no_cell_is_a_nan_and_what_is_not_measured_stays_out(self):
        shown = leaderboards.shown(BOARD)
        assert not shown.isna().any().any() and "nan" not in shown.to_string()
        assert shown.loc["GCE", ["accuracy, %", "gain [95 %]"]].tolist() == ["65.0 ± 3.6 (n = 3)", "+3.0 [+0.5, +5.5]"]
        assert shown.loc["baseline", "gain [95 %]"] == "reference"
        assert shown.index.tolist() == ["GCE", "baseline", "mixup"]

    def test_a_high_mean_over_other_seeds_does_not_lead(self):
        shown = leaderboards.shown(BOARD.assign(mean=[65.0, 62.0, 90.0, NAN]))
        assert shown.index.tolist() == ["GCE", "baseline", "mixup"]

    def test_across_puts_the_baseline_beside_each_method(self):
        found = leaderboards.across({"here": BOARD}, ["gce", "rul"]).loc["here"]
        assert found.index.tolist() == ["baseline", "GCE", "gain of GCE", "RUL", "gain of RUL"]
        assert found.tolist() == ["62.0 ± 2.6 (n = 3)", "65.0 ± 3.6 (n = 3)", "+3.0 [+0.5, +5.5]", "not measured", ""]


class TestBesideTheBaseline:
    def test_who_is_missing_is_named(self):
        assert leaderboards.coverage(BOARD) == {"all": 4, "done": 3, "rest": "; not yet: RUL"}
        assert leaderboards.coverage(BOARD[:3])["rest"] == ""

    def test_the_forest_leaves_out_what_has_no_gain(self):
        found = leaderboards.forest({"a": BOARD, "b": BOARD.iloc[:1]})
        assert found[["label", "group"]].to_numpy().tolist() == [["GCE", "a"], ["mixup", "a"], ["GCE", "b"]]
        assert found["effect"].tolist() == [3.0, -10.0, 3.0] and found["n"].tolist() == [2, 1, 2]

    def test_verdicts_are_counted_alone_and_together(self):
        found = leaderboards.verdict_counts(BOARD)
        assert found == {"compared": 2, "with_interval": 1, "ahead": 1, "behind": 0, "ahead_all": 0, "behind_all": 0}

    def test_two_comparisons_on_three_seeds_widen_by_the_quantiles_of_t(self):
        assert leaderboards.wider(2, seeds=3) == pytest.approx(6.2053 / 4.3027, abs=1e-4)  # t(2) at .9875 and at .975
        assert leaderboards.wider(1, seeds=5) == 1

    def test_what_wrong_labels_cost_is_paired_by_seed(self):
        """Seed 1 has no clean run, so 70 - 60 is left. 40 % are repeated, some of them by accident."""
        noisy = [
            rendered("baseline", acc, seed, key=f"n{seed}") | {"memorised": 40.0} for seed, acc in ((0, 60), (1, 80))
        ]
        results = table(*noisy, rendered("baseline", 70, 0, 0.0, key="c0"))
        shares = {"memorised": 0.4, "train_accuracy_given": 0.5, "train_accuracy_true": 0.53, "label_accuracy": 0.7}
        epochs = pd.DataFrame([{"key": key, "epoch": 1, "relabelled": 0.0, **shares} for key in ("n0", "n1")])
        found = leaderboards.by_heart(results, epochs)
        assert (found["lost"], found["memorised"], found["n"]) == (10, 40, 1)
        # 50 of 100 wrong labels are mended (.03 / .3 more than repeated), 10 answered otherwise: with 6 other classes
        # as likely as the given one, 10 / 6 of the 40 are accidents.
        assert found["rote"] == pytest.approx(40 - 10 / 6)


class TestSeveralBoards:
    def boards(self):
        """GCE ahead on three boards, mixup behind on three; RUL is measured on two."""
        signs = {"gce": (1, 2, 3), "mixup": (-1, -2, -3), "rul": (-1, 4)}
        rows = [rendered("baseline", 50, 0, rate, key=f"b{rate}") for rate in (0.0, 0.1, 0.3)]
        for method, gains in signs.items():
            rows += [rendered(method, 50 + gain, 0, rate, key=f"{method}{rate}")
                     for gain, rate in zip(gains, (0.0, 0.1, 0.3), strict=False)]  # fmt: skip
        return all_boards.boards(table(*rows))

    def test_ahead_or_behind_wherever_it_was_measured(self):
        from scnlib.methods import METHODS

        found = leaderboards.ahead_everywhere(self.boards())
        fields = 7 * (len(METHODS) - 1)
        assert found == {"all": fields, "done": 8, "single": 8, "often": 2, "ahead": 1, "who": "GCE", "behind": 1}

    def test_pairs_of_boards_are_counted_by_their_faces(self):
        rows = [("rendered, a", "rendered, b", 17, 0.6), ("rendered, a", "FER+, c", 17, 0.3),
                ("rendered, b", "FER+, c", 17, 0.5), ("FER+, c", "FER+, d", 3, NAN)]  # fmt: skip
        found = leaderboards.agreeing(pd.DataFrame(rows, columns=["first", "second", "methods", "rho"]))
        assert found["counts"] == "1 of 1 (two of rendered faces), 1 of 2 (one of each), 0 of 0 (two of FER+)"
        assert (found["first"], found["second"], found["rho"]) == ("rendered, a", "FER+, c", 0.3)
        assert found["luck"] == pytest.approx(1.96 / 4)

    def test_seeds_agree_on_the_mean(self):
        pairs = pd.DataFrame(
            {"first": list("001"), "second": list("122"), "methods": [19, 18, 19], "rho": [0.5, 0.6, 1]}
        )
        assert leaderboards.seed_luck(pairs) == {"rho": pytest.approx(0.7), "methods": 18, "pairs": 3}

    def test_the_rank_table_says_how_many_methods(self):
        pairs = pd.DataFrame(
            [("a", "b", 19, 0.5), ("a", "c", 3, NAN), ("b", "c", 7, -0.25), ("a", "d", 0, NAN)],
            columns=["first", "second", "methods", "rho"],
        )
        found = leaderboards.rank_table(pairs)
        assert (found.index.tolist(), found.columns.tolist()) == (["b", "c"], ["a", "b"])
        assert found.to_numpy().tolist() == [["+0.50 (19)", ""], ["3 shared", "-0.25 (7)"]]
        assert leaderboards.rank_table(pairs[pairs["rho"].isna()]).empty


class TestCleanLabels:
    BOARD = pd.DataFrame(
        {
            "label": ["baseline", "GCE", "SCE", "ELR", "mixup", "RUL"],
            "mean": [80.0, 76.0, 79.9, 80.1, 70.0, NAN],
            "gain": [NAN, -4.0, -0.1, 0.1, -10.0, NAN],
            "low": [NAN, -5.0, -0.6, -2.0, NAN, NAN],
            "high": [NAN, -3.0, 0.4, 2.2, NAN, NAN], "n": [3, 4, 3, 3, 2, 0], "shared": [0, 3, 3, 3, 1, 0],
        }
    )  # fmt: skip

    def test_a_share_below_99_percent_is_a_cost_if_its_whole_interval_is(self):
        found = leaderboards.clean_costs(self.BOARD)
        assert found.index.tolist() == ["mixup", "GCE", "SCE", "ELR"]
        assert found["says"].tolist() == ["open", "a cost", "none", "open"]
        assert found.loc["GCE", ["share", "low", "high"]].tolist() == pytest.approx([0.95, 0.9375, 0.9625])

    def test_in_words_and_for_the_eye(self):
        kept = leaderboards.clean_costs(self.BOARD)
        assert leaderboards.clean_words(kept) == {"n": 4, "none": 1, "cost": 1, "open": 2, "single": 1, "below": 2}
        shown = leaderboards.clean_shown(kept)
        assert shown.loc["mixup", ["share", "low", "high"]].tolist() == ["87.5", "one seed", "one seed"]
        assert shown.loc["GCE"].tolist() == ["95.0", "93.8", "96.2", 3, "a cost"]


class TestAgainstGain:
    def test_a_column_of_the_board_or_numbers_by_method(self):
        assert leaderboards.against_gain(BOARD, "alpha_auroc").to_numpy().tolist() == [["GCE", 0.8, 3.0]]
        found = leaderboards.against_gain(BOARD, pd.Series({"baseline": 1.0, "mixup": 0.86, "gce": 0.23}))
        assert found.to_numpy().tolist() == [["GCE", 0.23, 3.0], ["mixup", 0.86, -10.0]]

    def test_rank_correlation(self):
        found = leaderboards.rank_correlation(pd.DataFrame({"x": [1, 2, 3], "y": [1, 4, 9]}))
        assert found == {"rho": pytest.approx(1), "n": 3}
        assert math.isnan(leaderboards.rank_correlation(pd.DataFrame({"x": [1, 2], "y": [1, 4]}))["rho"])

    def test_gains_rest_on_the_seeds_that_are_shared(self):
        assert leaderboards.about_seeds(BOARD) == "n = 1 to 2"
        assert leaderboards.about_seeds(BOARD[:2]) == "n = 2"


class TestWhyBehind:
    def test_right_labels_learnt_are_counted_apart_from_the_wrong_ones_and_paired_by_seed(self):
        """100 labels, 30 of them wrong. Of the 70 right ones the baseline fits 49, GCE with the same seed 35."""
        results = table(
            rendered("baseline", 60, 0, key="b0") | {"memorised": 20.0},
            rendered("baseline", 60, 1, key="b1") | {"memorised": 50.0},
            rendered("gce", 60, 0, key="g0") | {"memorised": 23.0},
            rendered("gce", 60, 7, key="g7") | {"memorised": 90.0},
            rendered("sce", 60, 0, key="s0") | {"memorised": 10.0},
        )
        curves = [
            ("b0", 2, 0.55, 0.2),
            ("b1", 2, 0.57, 0.5),
            ("g0", 1, 0.9, 0.9),
            ("g0", 2, 0.41, 0.2),
            ("g7", 2, 0.9, 0.9),
        ]
        epochs = pd.DataFrame(curves, columns=["key", "epoch", "train_accuracy_given", "memorised"])
        found = leaderboards.learnt_beside(results, epochs)
        assert found.loc["gce"].tolist() == pytest.approx([-20, 3])
        assert math.isnan(found.loc["sce", "right"]) and found.loc["sce", "wrong"] == -10

    def test_evidence_stands_beside_the_gain(self):
        board = BOARD.assign(high=[5.5, NAN, -8.0, NAN])
        longer = BOARD.assign(gain=[1.0, NAN, 4.0, NAN])
        learnt = pd.DataFrame({"right": {"mixup": -12.5}, "wrong": {"mixup": 3.0}})
        why = leaderboards.why_behind(board, learnt, pd.Series({"mixup": 0.76, "baseline": 1.0}), longer)
        assert why.index.tolist() == ["mixup"]
        wanted = {"gain": -10, "high": -8, "n": 1, "step": 0.76, "right": -12.5, "wrong": 3, "later": 4}
        assert why.loc["mixup", list(wanted)].to_dict() == pytest.approx(wanted)
        shown = leaderboards.why_shown(why).loc["mixup"].tolist()
        assert shown == ["-10.0 (n = 1)", "0.76", "-12.5", "+3.0", "weighs none", "+4.0", "behind"]
        found = leaderboards.why_words(why)
        assert found == dict.fromkeys(("n", "clear", "fewer", "more", "short", "blind", "ahead", "later"), 1)

    def test_a_word_stands_where_there_is_no_number(self):
        nothing = pd.DataFrame({"right": {"baseline": NAN}, "wrong": {"baseline": NAN}})
        why = leaderboards.why_behind(BOARD, nothing, pd.Series({"mixup": 1.0}), BOARD.assign(gain=NAN))
        shown = leaderboards.why_shown(why).loc["mixup"]
        assert shown.tolist() == ["-10.0 (n = 1)", "1.00", "no curve", "", "weighs none", "not measured", "one seed"]
        found = leaderboards.why_words(why)
        assert {name for name, count in found.items() if count} == {"n", "blind"}


class TestOneMethod:
    def test_where_it_is_ahead_and_where_behind(self):
        behind = BOARD.assign(low=-9.0, high=-1.0, alpha_auroc=NAN)
        boards = {"a, b": BOARD, "c": behind, "d": BOARD.assign(low=-1.0), "e": BOARD.assign(gain=NAN)}
        found = leaderboards.fared(boards, "gce")
        assert found == {"ahead": "a, b", "behind": "c", "open": "d", "auroc": "0.80 (a, b); 0.80 (d)"}
        assert leaderboards.fared({"a": BOARD.assign(alpha_auroc=NAN)}, "mixup")["auroc"] == "not measured"

    def test_twice_the_epochs_over_the_seeds_that_all_have(self):
        """Seed 1 lacks the long baseline; of seed 0: 61 - 60, 75 - 70 and 70 - 60."""
        short = [
            rendered("baseline", 60, 0),
            rendered("elr", 61, 0),
            rendered("baseline", 10, 1),
            rendered("elr", 90, 1),
        ]
        long = [
            rendered("baseline", 70, 0, epochs=24),
            rendered("elr", 75, 0, epochs=24),
            rendered("elr", 99, 1, epochs=24),
        ]
        rows = [row | {"key": f"{row['key']} {row['epochs']}"} for row in short + long]
        found = leaderboards.twice_the_epochs(table(*rows), "elr")
        assert found == {"short": 1, "long": 5, "more": 10, "n": 1}


class TestRecipes:
    def ferplus(self, method, accuracy, seed, lr=0.05, options=None, **more):
        import json

        from scnlib.config import profile_config

        config = profile_config("quick", dataset="ferplus", method=method, noise_rate=0.3, options=options, lr=lr)
        fields = json.loads(json.dumps(config.to_dict()))
        row = run(method, accuracy, seed, 0.3, options, fields, backbone=config.backbone, epochs=config.epochs)
        return row | {"key": f"{method} {seed} {lr}"} | more

    RECIPES: dict = {"slow": {}, "fast": {"lr": 0.2}}  # noqa: RUF012

    def test_accuracies_and_paired_gains_keep_the_order_of_the_arms(self):
        results = table(
            self.ferplus("baseline", 60, 0),
            self.ferplus("baseline", 70, 1),
            self.ferplus("scn", 63, 0),
            self.ferplus("elr", 61, 0, lr=0.2),
        )
        named = {"plain": arm("baseline", 0.3), "SCN": arm("scn", 0.3), "ELR": arm("elr", 0.3)}
        found = leaderboards.under_recipes(results, named, self.RECIPES)
        assert found["slow"].tolist() == ["65.0 (n = 2)", "63.0 (n = 1)", "not measured", "+3.0", "not measured"]
        assert found["fast"].tolist() == ["not measured", "not measured", "61.0 (n = 1)", *["not measured"] * 2]
        assert found.index.get_level_values(1).tolist() == ["plain", "SCN", "ELR", "SCN", "ELR"]

    def test_right_labels_over_the_seeds_that_all_recipes_have(self):
        rows = [(0, 0.05, 66), (1, 0.05, 90), (0, 0.2, 71)]
        results = table(*(self.ferplus("scn", 60, seed, lr, label_accuracy=right) for seed, lr, right in rows))
        assert leaderboards.labels_after(results, self.RECIPES) == {"each": "66.0 % (slow); 71.0 % (fast)", "n": 1}

    def test_the_bar_says_where_nothing_was_to_choose(self):
        plain = pd.DataFrame({"labels": ["clean", "30 %"], "published": [83.42, 70.45], "recipe": ["quick", ""],
                              "tried": [2, 1], "val": [82.386, NAN], "mean": [82.47, NAN], "n": [1, 0]})  # fmt: skip
        shown = leaderboards.bar_shown(plain)
        assert shown.loc["clean"].tolist() == [83.42, "quick", 2, 82.39, 82.47, 1]
        assert shown.loc["30 %"].tolist() == [70.45, "fewer than two to choose from", 1, "none", "none", 0]
