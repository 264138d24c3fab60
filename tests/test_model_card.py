"""Groups, intervals and gaps against closed forms; the card says what was measured and nothing else."""

import dataclasses

import numpy as np
import pytest
import torch

from scnlib import faces, model_card
from tests.course.made import write_run


def test_performance_counts_each_group():
    right = np.array([True, False, True, True])
    groups = {"skin": np.array(["dark", "dark", "light", "light"], dtype=object)}
    table = model_card.performance(right, groups, {"skin": ("light", "dark", "none")})
    assert table["group"].tolist() == ["light", "dark", "none"] and table["n"].tolist() == [2, 2, 0]
    assert table["accuracy"].tolist()[:2] == [100, 50] and table.loc[2, ["accuracy", "low"]].isna().all()
    assert (table["low"][:2] < table["accuracy"][:2]).all()


def test_groups_of_rendered_faces_follow_their_latents():
    latents = faces.sample_latents(0, range(6), skin=torch.tensor([0.0, 0.19, 0.21, 0.5, 0.79, 1.0]), age=0.9).to_dict()
    groups = model_card.groups_of(latents)
    assert groups["skin"].tolist() == ["palest fifth", "palest fifth", "light", "middle", "dark", "darkest fifth"]
    assert set(groups["age"]) == {"old"}
    covered = (latents["occluder_kind"] > 0).tolist()
    assert [name == "covered" for name in groups["picture"]] == covered


def test_a_gap_that_is_there_is_found_and_one_of_the_classes_alone_is_not():
    generator = np.random.default_rng(0)
    names = np.repeat(["a", "b"], 500)
    strata = np.zeros(1000, dtype=int)
    right = generator.random(1000) < np.where(names == "a", 0.8, 0.6)
    size, p = model_card.gap(right, names, strata, turns=200)
    assert size == pytest.approx(100 * abs(right[:500].mean() - right[500:].mean())) and p == pytest.approx(1 / 201)
    # Group a holds nine tenths of the easy class, and within a class groups fare alike: no group is to blame.
    easy = generator.random(1000) < np.where(names == "a", 0.9, 0.1)
    right = np.zeros(1000, dtype=bool)
    for part in (easy, ~easy):
        for name in "ab":
            mine = ((names == name) & part).nonzero()[0]
            right[mine[: round((0.9 if part is easy else 0.3) * len(mine))]] = True
    size, p = model_card.gap(right, names, easy.astype(int), turns=200)
    assert size > 40 and p > 0.3
    assert model_card.gap(right, names, np.zeros(1000, dtype=int), turns=200)[1] < 0.01  # without strata they would be


def test_the_card_holds_the_measured_numbers(tmp_path):
    run = write_run(tmp_path / "run", np.array([True] * 7 + [False] * 3))
    manifest = {"key": "ab" * 8, "recipe_version": 2, "finished": "2026-01-02T03", "device": "CPU", "commit": "c0ffee"}
    manifest |= {"dirty": True, "dtype": "bfloat16", "data": {"train": ""}, "versions": {"torch": ""}}
    run.__dict__["manifest"] = run.manifest | manifest | {"source": {"version": "squares"}}
    latents = faces.sample_latents(0, range(10)).to_dict()
    card = model_card.model_card(run, latents)
    titles = (
        "Model details", "Intended use", "Factors", "Metrics", "Training data", "Evaluation data",
        "Quantitative analyses", "Ethical considerations", "Caveats and recommendations",
    )  # fmt: skip
    places = [card.index(f"\n## {title}\n") for title in titles]
    assert places == sorted(places)
    assert "Right in 70.0 % of its own 10 test faces (rendered)" in card and "nobody measured it" in card
    assert "40 % of the labels made wrong" in card and "not committed" in card and "| class | a | 10 | 70.0 |" in card
    assert "Article 5(1)(f)" in card and "trained on no photograph" in card
    assert sum(line.startswith("| skin | ") for line in card.splitlines()) == 5 + 1  # five groups and one gap
    plain = model_card.model_card(run)
    assert "| skin |" not in plain and "not recorded" in plain


def test_whether_a_folder_holds_photographs_is_not_recorded_and_not_claimed(tmp_path):
    run = write_run(tmp_path / "run")
    manifest = {"key": "ab" * 8, "recipe_version": 2, "finished": "2026-01-02T03", "device": "CPU", "commit": "c0ffee"}
    run.__dict__["manifest"] = run.manifest | manifest | {"dirty": False, "source": {"version": "mine"}}
    run.__dict__["config"] = dataclasses.replace(run.config, dataset="folder")
    card = model_card.model_card(run)
    assert "no photograph" not in card and "(folder, photographs)" not in card
    assert "test faces (folder; whether these are photographs is not recorded)." in card
    run.__dict__["config"] = dataclasses.replace(run.config, dataset="rafdb")
    assert "test faces (rafdb, photographs)." in model_card.model_card(run)


def test_what_tells_wrong_answers_is_on_the_card_where_it_was_measured():
    real = {"confidence_auroc": 0.55, "own_confidence_auroc": 0.81, "alpha_auroc": float("nan")}
    text = model_card._trust(real)
    assert "probability of the answer: 0.81 on its own test faces, 0.55 on photographs" in text and "alpha" not in text
    assert "alpha: 0.72" in model_card._trust(real | {"alpha_auroc": 0.5, "own_alpha_auroc": 0.72})
