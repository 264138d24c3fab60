"""Fair comparisons, each against numbers worked out another way."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from scnlib.course import tuning
from scnlib.methods import make_method


def tidy(rows):
    frame = pd.DataFrame(rows, columns=["label", "value", "seed", "val", "test"])
    return frame.assign(key=frame.index.astype(str))


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


class TestTuned:
    def test_validation_chooses_and_the_test_is_only_read(self):
        found = tuning.tuned(RUNS, "baseline")
        assert found["value"].to_dict() == {"baseline": 0.05, "scn": 0.2}
        assert found["test"].to_dict() == {"baseline": 61, "scn": 64.5}  # 71 would be better for the baseline
        assert found.loc["baseline", "best_test"] == 71

    def test_gains_are_paired_by_seed_at_each_ones_own_choice(self):
        found = tuning.tuned(RUNS, "baseline").loc["scn"]
        differences = [64 - 60, 65 - 62]
        half = 12.706 * np.std(differences, ddof=1) / math.sqrt(2)  # Student's quantile for one degree of freedom
        assert found["gain"] == pytest.approx(3.5)
        assert (found["low"], found["high"]) == (
            pytest.approx(3.5 - half, abs=1e-3),
            pytest.approx(3.5 + half, abs=1e-3),
        )
        assert math.isnan(tuning.tuned(RUNS, "baseline").loc["baseline", "gain"])

    def test_a_choice_at_the_end_of_the_grid_is_told(self):
        middle = tidy([("baseline", value, 0, val, 50) for value, val in ((0.1, 1), (0.2, 3), (0.4, 2))])
        assert not tuning.tuned(middle, "baseline").loc["baseline", "at_edge"]
        assert tuning.tuned(RUNS, "baseline")["at_edge"].all()

    def test_a_value_with_fewer_seeds_cannot_win(self):
        lucky = tidy([("b", value, seed, 40, 60) for value in (0.1, 0.2) for seed in (0, 1)] + [("b", 0.4, 0, 90, 90)])
        found = tuning.tuned(lucky, "b").loc["b"]
        assert (found["value"], found["n"], found["tried"]) == (0.1, 2, 2)

    def test_an_extra_seed_at_one_value_is_left_out(self):
        runs = tidy([("b", 0.1, 0, 40, 60), ("b", 0.1, 1, 90, 99), ("b", 0.2, 0, 41, 61)])
        found = tuning.tuned(runs, "b").loc["b"]
        assert (found["value"], found["val"], found["n"], found["tried"]) == (0.2, 41, 1, 2)

    def test_a_value_without_the_common_seed_stays_out(self):
        runs = tidy([("b", v, seed, 40, 60) for v in (0.1, 0.2) for seed in (0, 1)] + [("b", 0.4, 2, 90, 90)])
        assert tuning.tuned(runs, "b").loc["b", ["value", "tried", "n"]].tolist() == [0.1, 2, 2]

    def test_one_value_with_more_seeds_is_no_choice(self):
        """As on FER+ at 20 % flips: twelve epochs with three seeds, 24 with one."""
        runs = tidy([("b", 12, seed, 40, 60) for seed in (0, 1, 2)] + [("b", 24, 0, 45, 66)])
        assert tuning.tuned(runs, "b").loc["b", ["value", "tried", "n"]].tolist() == [24, 2, 1]

    def test_one_seed_has_no_interval(self):
        found = tuning.tuned(RUNS[RUNS["seed"] == 0], "baseline").loc["scn"]
        assert found["gain"] == 4 and math.isnan(found["low"]) and found["n"] == 1

    def test_nothing_measured_gives_nothing(self):
        assert tuning.tuned(RUNS.iloc[:0], "baseline").empty

    def test_a_run_that_stands_there_twice_is_refused(self):
        with pytest.raises(ValueError, match="same label, value and seed"):
            tuning.tuned(pd.concat([RUNS, RUNS.iloc[:1]]), "baseline")

    def test_an_unknown_reference_is_refused(self):
        with pytest.raises(ValueError, match="no runs of the reference 'none'; there are: baseline, scn"):
            tuning.tuned(RUNS, "none")


def test_unequal_grids_and_edges_are_named():
    rows = [("a", value, 0, value, 50) for value in (1, 2, 3)] + [
        ("b", value, 0, -abs(value - 2), 50) for value in (1, 2)
    ]
    runs = tidy(rows)
    grids, edges = tuning.unequal_effort(runs, tuning.tuned(runs, "a"))
    assert grids == "the rates tried differ (a 1, 2, 3; b 1, 2)" and edges.endswith("for a, b")
    fair = tidy([(label, value, 0, -abs(value - 2), 50) for label in "ab" for value in (1, 2, 3)])
    assert tuning.unequal_effort(fair, tuning.tuned(fair, "a")) == []


class TestRelativeStep:
    IMAGES = torch.randint(0, 255, (16, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    LABELS = torch.arange(16) % 8

    def step(self, method="scn", **options):
        return tuning.relative_step(make_method(method, **options), self.IMAGES, self.LABELS, 8)

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
