"""What is known about a face's uncertainty, and what alpha knows of it, against loops and scipy."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.stats
import torch

from scnlib import uncertainty
from scnlib.datasets import FaceSet, Source, rendered
from scnlib.evaluation import mean_ranks, spearman
from scnlib.faces import CLASSES


def face_set(n, **columns):
    return FaceSet(
        images=torch.zeros(n, 1, 8, 8, dtype=torch.uint8),
        labels=torch.zeros(n, dtype=torch.int64),
        class_names=CLASSES,
        ids=tuple(map(str, range(n))),
        source=Source("made", "test", "0" * 64),
        **columns,
    )


class TestVotes:
    votes = torch.tensor([[10, 0, 0, 0, 0, 0, 0, 0], [5, 5, 0, 0, 0, 0, 0, 0], [1] * 8, [0] * 8])
    others = torch.tensor([[0, 0], [0, 0], [1, 1], [6, 4]])

    def test_entropy_by_hand(self):
        known = uncertainty.known_uncertainty(face_set(4, votes=self.votes, other_votes=self.others))
        assert known["vote_entropy"][:3].tolist() == pytest.approx([0, math.log(2) / math.log(8), 1])
        assert known["minority"][:3].tolist() == pytest.approx([0, 0.5, 7 / 8])
        assert known["no_emotion"].tolist() == pytest.approx([0, 0, 0.2, 1])

    def test_without_a_vote_for_an_emotion_it_is_undefined(self):
        known = uncertainty.known_uncertainty(face_set(4, votes=self.votes))
        assert known["vote_entropy"][3].isnan()
        assert "no_emotion" not in known

    def test_entropy_against_scipy(self):
        votes = torch.randint(0, 6, (50, 8), generator=torch.Generator().manual_seed(0))
        known = uncertainty.known_uncertainty(face_set(50, votes=votes))
        expected = scipy.stats.entropy(votes.double().numpy(), base=8, axis=1)
        assert known["vote_entropy"].numpy() == pytest.approx(expected, abs=1e-6)


class TestCauses:
    @pytest.fixture
    def faces(self):
        return rendered.load(n=64, size=32)

    def test_every_quantity_has_a_title_and_a_value_for_each_face(self, faces):
        noisy = faces.with_labels((faces.labels + (torch.arange(64) < 16)) % 8)
        known = uncertainty.known_uncertainty(noisy)
        assert set(known) < set(uncertainty.TITLES)
        assert all(len(values) == 64 for values in known.values())
        assert known["flipped"].sum() == 16

    def test_each_cause_is_what_it_says(self, faces):
        known = uncertainty.known_uncertainty(faces)
        latents = faces.latents
        for i in range(64):
            neutral = faces.class_names[faces.labels[i]] == "neutral" and latents["mix"][i] == 0
            faint = float(known["faint"][i])
            assert math.isnan(faint) if neutral else faint == pytest.approx(1 - float(latents["intensity"][i]))
            assert bool(known["occluded"][i]) == (int(latents["occluder_kind"][i]) != 0)
            angle = math.sqrt(float(latents["yaw"][i]) ** 2 + float(latents["pitch"][i]) ** 2)
            assert float(known["turned"][i]) == pytest.approx(angle, abs=1e-6)
        assert "flipped" not in known, "a set without true labels does not say that no label is wrong"

    def test_an_edited_face_becomes_more_uncertain(self, faces):
        blurred = dataclasses.replace(faces, latents={**faces.latents, "blur": faces.latents["blur"] + 1})
        before, after = (uncertainty.known_uncertainty(f)["blur"] for f in (faces, blurred))
        assert (after > before).all()


def test_ranks_and_spearman_against_scipy():
    rng = np.random.default_rng(0)
    a, b = np.round(rng.normal(size=300), 1), np.round(rng.normal(size=300), 1)
    b = np.round(b + a, 1)
    ours = spearman(torch.from_numpy(a), torch.from_numpy(b))
    assert mean_ranks(torch.from_numpy(a)).tolist() == scipy.stats.rankdata(a).tolist()
    assert float(ours) == pytest.approx(scipy.stats.spearmanr(a, b).statistic, abs=1e-12)


class TestKnows:
    alpha = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5])

    def table(self, **quantities):
        return uncertainty.knows(self.alpha, {k: torch.tensor(v) for k, v in quantities.items()}).set_index("quantity")

    def test_low_alpha_where_uncertain_counts_as_knowing(self):
        table = self.table(flipped=[True, True, False, False, False], blur=[5.0, 4.0, 3.0, 2.0, 1.0])
        assert table.loc["flipped", ["measure", "value", "n"]].tolist() == ["auroc", 1.0, 5]
        assert table.loc["blur", ["measure", "value", "n"]].tolist() == ["spearman", 1.0, 5]

    def test_undefined_faces_are_left_out(self):
        assert self.table(blur=[math.nan, 1.0, 2.0, 3.0, math.nan]).loc["blur", ["value", "n"]].tolist() == [-1.0, 3]

    def test_what_no_face_has_is_no_question(self):
        assert self.table(flipped=[False] * 5, blur=[0.0] * 5).empty

    def test_a_collapsed_alpha_knows_nothing(self):
        table = uncertainty.knows(
            torch.zeros(4), {"flipped": torch.tensor([True, False] * 2), "blur": torch.arange(4.0)}
        ).set_index("quantity")
        assert table.loc["flipped", "value"] == 0.5
        assert math.isnan(table.loc["blur", "value"])

    def test_within_the_class_against_loops(self):
        generator = torch.Generator().manual_seed(0)
        classes = torch.randint(0, 4, (120,), generator=generator)
        alpha = torch.randint(0, 9, (120,), generator=generator) / 10 - 0.3 * classes  # ties, and classes apart
        flipped = torch.rand(120, generator=generator) < 0.1 + 0.2 * classes
        flipped[classes == 0] = False  # a class without pairs
        right = pairs = 0
        for i in range(120):
            for j in range(120):
                if flipped[i] and not flipped[j] and classes[i] == classes[j]:
                    pairs += 1
                    right += float(alpha[i] < alpha[j]) + 0.5 * float(alpha[i] == alpha[j])
        table = uncertainty.knows(alpha, {"flipped": flipped, "grey": flipped}, classes)
        assert table[["quantity", "measure"]].to_numpy().tolist() == [
            ["flipped", "auroc"], ["flipped", "auroc_within"], ["grey", "auroc"],
        ]  # fmt: skip
        assert table["value"][1] == pytest.approx(right / pairs, abs=1e-12)
        assert table["value"][0] > table["value"][1] + 0.1, "classes that lie low know mistakes that lie in classes"

    def test_no_class_with_both_is_undefined(self):
        flipped = torch.tensor([True, True, False])
        assert uncertainty.auroc_within(torch.rand(3), flipped, flipped.long()).isnan()


class TestRegained:
    given = torch.zeros(10, dtype=torch.int64)

    def test_by_hand(self):
        before = torch.zeros(3, 10, dtype=torch.int64)
        after = before.clone()
        after[0, 0] = after[1, 0] = after[2, 0] = 1  # relabelled in the first epoch, for good
        after[1, 1] = 2  # in the second, and taken back in the third
        before[1:] = after[:-1]
        alpha = torch.full((3, 10), 0.9)
        alpha[:, :4] = torch.tensor([[0.1, 0.2, 0.3, 0.8], [0.2, 0.3, 0.5, 0.8], [0.6, 0.7, 0.4, 0.8]])
        own, others = uncertainty.alpha_regained(alpha, before, after, self.given, neighbours=2)
        assert own == pytest.approx(((0.6 - 0.1) + (0.7 - 0.3)) / 2)
        # Of those that kept their labels, 1 and 2 have the alpha nearest to sample 0's in the first epoch; in the
        # second 0 and 1 have new labels, and the nearest to sample 1's are samples 2 and 3.
        first, second = ((0.7 - 0.2) + (0.4 - 0.3)) / 2, ((0.4 - 0.5) + (0.8 - 0.8)) / 2
        assert others == pytest.approx((first + second) / 2)

    def test_where_labels_cannot_act_on_alpha_both_rise_alike(self):
        """Alpha wanders about a mean of its own; the upper half of the lowest third gets new labels."""
        generator = torch.Generator().manual_seed(0)
        n = 20_000
        own_mean = torch.rand(n, generator=generator, dtype=torch.float64)
        alpha = own_mean + 0.2 * torch.randn(2, n, generator=generator, dtype=torch.float64)
        given, after = torch.zeros(n, dtype=torch.int64), torch.zeros(2, n, dtype=torch.int64)
        upper_part_of_the_low = alpha[0].argsort()[n // 6 : n // 3]
        after[:, upper_part_of_the_low[torch.rand(n // 3 - n // 6, generator=generator) < 0.5]] = 1
        before = torch.stack([given, after[0]])
        own, others = uncertainty.alpha_regained(alpha, before, after, given)
        assert own > 0.02  # the way back to the mean
        assert own == pytest.approx(others, abs=0.01)

    def test_a_change_in_the_last_epoch_has_no_later_alpha(self):
        after = torch.zeros(2, 10, dtype=torch.int64)
        after[1, 3] = 1
        values = uncertainty.alpha_regained(torch.rand(2, 10), torch.zeros_like(after), after, self.given)
        assert all(map(math.isnan, values))
