"""From a photograph to a table: every picture gets its answer, and every answer what it is worth."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from scnlib import cli, faces, predict, runs
from scnlib.config import profile_config
from scnlib.datasets import LOADERS
from scnlib.datasets.face_detection import Found
from scnlib.datasets.face_geometry import template
from scnlib.methods import make_method
from scnlib.models import in_three_channels, make_backbone, normalize
from tests.datasets.found_faces import detector, portrait
from tests.datasets.made import write_affectnet_npy, write_rafdb


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(path)
    return path


# ----------------------------------------------------------------------------------------------------- the network


def test_a_predictor_says_from_bytes_what_the_network_says_from_scaled_pixels(scn_run):
    images = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    network = scn_run.network()
    with torch.no_grad():
        probabilities, alpha = predict.Predictor(scn_run)(images)
        logits = network.classifier(network.backbone((images.float() / 255 - 0.5) / 0.25))
        expected = torch.sigmoid(network.importance(network.backbone((images.float() / 255 - 0.5) / 0.25)))
    torch.testing.assert_close(alpha, expected.squeeze(1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(probabilities, torch.softmax(expected * logits, 1), atol=1e-5, rtol=1e-5)
    grey = images[:, :1]
    torch.testing.assert_close(predict.Predictor(scn_run)(grey), predict.Predictor(scn_run)(grey.expand(-1, 3, -1, -1)))


def test_a_method_without_alpha_gives_probabilities_alone(squares, tmp_path):
    baseline = runs.run(profile_config("smoke", method="baseline"), out=tmp_path / "run", progress=False)
    (probabilities,) = predict.Predictor(baseline)(torch.zeros(2, 1, 32, 32, dtype=torch.uint8))
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2))


@pytest.mark.parametrize(("backbone", "bias"), [("small", False), ("small", True), ("resnet18", True)])
def test_activation_maps_add_up_to_the_score(backbone, bias):
    network = make_method("scn", bias=bias).build(make_backbone(backbone, 48, 0), 5).eval()
    if bias:
        torch.nn.init.normal_(network.classifier.bias)
    images = normalize(torch.randint(0, 256, (2, 3, 48, 48), dtype=torch.uint8))
    maps = predict.activation_maps(network, images)
    with torch.no_grad():
        scores = network(images)[0] - (network.classifier.bias if bias else 0)
        features = network.backbone.maps(in_three_channels(images))
    assert maps.shape == (2, 5, *features.shape[2:])
    torch.testing.assert_close(maps.mean((2, 3)), scores, atol=1e-5, rtol=1e-5)
    weight = network.classifier.weight[3].detach()
    by_hand = sum(float(weight[k] * features[1, k, 1, 0]) for k in range(len(weight)))
    assert float(maps[1, 3, 1, 0]) == pytest.approx(by_hand, abs=1e-4)


def test_activation_maps_refuse_networks_whose_scores_are_no_means():
    network = make_method("scn").build(make_backbone("small", 32, 0), 3)
    network.backbone.pools_by_mean = False  # as IR-50's
    for other in (network, torch.nn.Flatten()):
        with pytest.raises(ValueError, match="activation maps need"):
            predict.activation_maps(other, torch.zeros(1, 3, 32, 32))


def test_the_teaching_run_is_announced_once_and_found_again(squares, capsys):
    first = predict.teaching_run("scn", "smoke")
    assert "No network yet: one is trained on rendered faces, 2 epochs" in capsys.readouterr().out
    again = predict.teaching_run("scn", "smoke")
    assert again.path == first.path and "No network yet" not in capsys.readouterr().out
    assert first.config.method.relabelling is False and predict.teaching_run("baseline", "smoke").path != first.path


def test_the_duration_is_that_of_the_committed_run():
    key = "5f1903185b38f087"  # SCN without relabelling, seed 0, no wrong labels
    assert " s on CPU" in predict._duration(key) and "minutes" in predict._duration("0" * 16)


# ------------------------------------------------------------------------------------------------------- the frame


def test_the_frame_of_rendered_faces_is_where_the_renderer_paints_them():
    latents = faces.sample_latents(3, range(400))
    middle = faces.landmarks(latents, 48).mean(0) / 48
    torch.testing.assert_close(torch.tensor(predict.frame_of("rendered").points), middle, atol=0.01, rtol=0)
    assert predict.frame_of("rendered_web") == predict.frame_of("rendered")


def test_a_dataset_has_a_frame_where_somebody_knows_how_its_faces_lie():
    frame = predict.frame_of("webemotion")  # which `scn webemotion build` cut as `scn align` does
    torch.testing.assert_close(torch.tensor(frame.points), template(1, 0.1))
    assert not frame.grey and predict.frame_of("ferplus").grey
    assert [name for name in LOADERS if predict.frame_of(name) is None] == ["rafdb", "affectnet", "folder", "joint"]


def test_a_joint_run_is_shown_pictures_as_the_dataset_that_it_is_tested_on():
    assert predict.frame_of("joint") is predict.frame_of("joint", sets="rafdb+ferplus") is None
    assert predict.frame_of("joint", sets="ferplus+rafdb") == predict.frame_of("ferplus")


def test_a_crop_has_the_five_points_where_the_frame_says():
    """Paint a dot at each point of a turned face; after the cut the dots are at the frame's places."""
    frame, size = predict.frame_of("rendered"), 96
    turn = torch.tensor([[0.9, -0.4], [0.4, 0.9]]) * 70
    points = (torch.tensor(frame.points) @ turn.T + torch.tensor([90.0, 60.0]))[None]
    for k in range(5):
        photo = torch.zeros(3, 240, 240, dtype=torch.uint8)
        x, y = points[0, k].round().long().tolist()
        photo[:, y - 3 : y + 3, x - 3 : x + 3] = 255
        crop = predict.cut_out(photo, points, frame, size)[0, 0].double()
        rows, columns = (torch.arange(size) + 0.5, torch.arange(size) + 0.5)
        centre = torch.stack([(crop.sum(0) * columns).sum(), (crop.sum(1) * rows).sum()]) / crop.sum()
        torch.testing.assert_close(centre, size * torch.tensor(frame.points[k]).double(), atol=1.2, rtol=0)


def test_grey_datasets_get_grey_crops_and_nobody_gives_none():
    photo, points = portrait(), torch.tensor([[[80.0, 80], [120, 80], [100, 100], [85, 120], [115, 120]]])
    assert predict.cut_out(photo, points, predict.frame_of("ferplus"), 48).shape == (1, 1, 48, 48)
    assert predict.cut_out(photo[:1], points, predict.frame_of("rendered"), 32).shape == (1, 3, 32, 32)
    assert predict.cut_out(photo, points[:0], predict.frame_of("ferplus"), 48).shape == (0, 1, 48, 48)
    colours = torch.tensor([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], dtype=torch.uint8)
    assert predict.in_grey(colours[:, :, None, None]).flatten().tolist() == [76, 150, 29, 255]


# ----------------------------------------------------------------------------------------------------- photographs


def test_files_of_every_kind_get_their_answer(scn_run, tmp_path):
    folder = tmp_path / "photos"
    one = save(folder / "one.png", portrait())
    save(folder / "deep" / "two.png", torch.cat([portrait(), portrait().flip(-1)], dim=2))
    Image.new("RGB", (90, 80), "green").save(folder / "nobody.png")
    Image.new("RGB", (1, 1)).save(folder / "speck.png")
    (folder / "broken.jpg").write_text("not a picture")
    (folder / "notes.txt").write_text("not meant")
    files = predict.photographs([folder, one])
    assert [path.name for path in files] == ["broken.jpg", "two.png", "nobody.png", "one.png", "speck.png", "one.png"]
    answers = [found for _, found in predict.predict_files(files, predict.Predictor(scn_run), detector())]
    statuses = [found[0].status for found in answers]
    assert statuses == ["unreadable", "several", "no face", "found", "no face", "found"]
    assert "no known image format" in answers[0][0].words() and answers[2][0].words() == "no face"
    two = answers[1]
    assert [one.face for one in two] == [0, 1] and two[0].faces == 2 and two[0].words().startswith("face 1 of 2: ")
    assert sum(two[1].probabilities.values()) == pytest.approx(1, abs=1e-5) and 0 < two[1].alpha < 1
    rows = predict.table([one for found in answers for one in found], scn_run.manifest["class_names"], worth=7)
    assert len(rows) == 7 and rows["file"].nunique() == 5 and (rows["worth"] == 7).all()
    assert rows.loc[rows["status"] == "no face", ["label", "alpha", "p_a"]].isna().all(axis=None)
    sure = rows.dropna(subset="label").iloc[0]
    assert sure["probability"] == sure[f"p_{sure['label']}"] == max(sure[f"p_{name}"] for name in "abcd")


def test_the_middle_of_a_face_lies_in_its_box_and_tight_crops_are_found(scn_run):
    (answer,) = predict.predict_photo(portrait(), predict.Predictor(scn_run), detector())
    left, top, right, bottom = answer.box
    found = predict.find_faces(portrait(), detector())
    x, y = found.points[0].mean(0).tolist()
    assert left < x < right and top < y < bottom
    tight = portrait()[:, round(top) + 8 : round(bottom) - 4, round(left) + 4 : round(right) - 4]
    assert len(predict.find_faces(tight, detector())) == 1


def test_the_edge_is_drawn_out_only_where_nothing_was_found(monkeypatch):
    nobody = Found(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2))
    seen = []

    class Shy:
        device, smallest = torch.device("cpu"), 20

        def find(self, images, every):
            seen.append(tuple(images.shape[2:]))
            return [nobody] * len(images)

    assert len(predict.find_faces(torch.zeros(3, 40, 60, dtype=torch.uint8), Shy())) == 0
    assert seen == [(40, 60), (80, 120)]


def test_large_photographs_are_looked_at_smaller(tmp_path):
    Image.new("RGB", (4000, 1000)).save(tmp_path / "wide.png")
    assert predict.read_photo(tmp_path / "wide.png").shape == (3, 400, 1600)


def test_places_without_pictures_are_refused_by_name(tmp_path):
    (tmp_path / "empty").mkdir()
    for place, words in (("empty", "holds no pictures; known endings: .jpg"), ("gone", "there is no such picture")):
        with pytest.raises(FileNotFoundError, match=f"{place}.*{words}"):
            predict.photographs([tmp_path / place])


def test_annotated_pictures_show_box_label_and_what_it_is_worth(scn_run):
    photo = portrait()
    answers = predict.predict_photo(photo, predict.Predictor(scn_run), detector())
    picture = np.asarray(predict.annotated(photo, answers, "right in 13 %"))
    assert picture.shape[0] > 200 and picture.shape[1] == 200
    left, top, _, bottom = (round(edge) for edge in answers[0].box)
    assert (picture[(top + bottom) // 2, left] == (255, 255, 0)).all()
    assert (picture[201:].max(axis=(1, 2)) > 200).any()  # the footer is written there
    outside = picture[:top, :left] != photo.permute(1, 2, 0).numpy()[:top, :left]
    assert not outside.any()


# ---------------------------------------------------------------------------------------------------- scn predict


def test_the_command_says_beside_every_face_how_often_the_run_is_right(squares, scn_run, capsys, tmp_path):
    photos = tmp_path / "photos"
    save(photos / "a.png", portrait())
    save(photos / "sub" / "a.png", portrait())
    (photos / "broken.jpg").write_text("x")
    csv, out, card = tmp_path / "new" / "p.csv", tmp_path / "out", tmp_path / "deep" / "card.md"
    words = ["predict", str(photos), "--run", str(scn_run.path), "--csv", str(csv), "--out", str(out)]
    assert cli.main(words) == 0
    printed = capsys.readouterr().out
    accuracy = 100 * scn_run.metrics["test_accuracy"].iloc[-1]
    assert printed.count(f"[own test {accuracy:.1f} %, photographs not measured]") == 2
    assert "On photographs nobody measured it" in printed and "broken.jpg: unreadable" in printed
    rows = pd.read_csv(csv)
    assert len(rows) == 3 and rows["photograph_accuracy"].isna().all()
    assert rows["own_test_accuracy"].tolist() == [pytest.approx(accuracy, abs=0.01)] * 3
    assert sorted(path.name for path in out.iterdir()) == ["0000_a.png", "0002_a.png"]
    assert cli.main(["predict", "--card", str(card), "--run", str(scn_run.path)]) == 0
    assert card.read_text().startswith("# Model card: run")
    assert cli.main(["predict", str(out), "--run", str(scn_run.path), "--out", str(out)]) == 2
    assert "choose an --out without photographs" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path):
    """Rendered faces in folders of two classes, larger than a run's and not square, and its test pictures' names."""
    latents = faces.sample_latents(5, range(40))
    for i, image in enumerate(faces.render(latents, 64)):
        wide = torch.nn.functional.pad(image.float(), (9, 3) if i % 2 else (0, 0, 5, 8), value=90).to(torch.uint8)
        save(tmp_path / "data" / ("test" if i < 12 else "train") / "ab"[i // 2 % 2] / f"{i:02d}.png", wide)
    return tmp_path / "data"


def folder_run(root, out):
    config = profile_config("smoke", dataset="folder", method="scn")
    return runs.run(config, root=root, out=out, progress=False, device="cpu")


def no_detector(*given):
    raise AssertionError("a face was looked for")


def test_a_run_of_a_folder_predicts_what_it_was_measured_by(folder, tmp_path, capsys, monkeypatch):
    """The network, the pictures and what it said of them are all known from the run itself."""
    monkeypatch.setattr("scnlib.datasets.face_detection.Detector", no_detector)
    run, csv, out = folder_run(folder, tmp_path / "run"), tmp_path / "answers.csv", tmp_path / "out"
    words = ["predict", str(folder / "test"), "--run", str(run.path), "--csv", str(csv), "--out", str(out)]
    assert cli.main(words) == 0
    printed = capsys.readouterr().out
    assert printed.count("Pictures are taken whole, as the run's loader takes them") == 1
    assert "photographs or not is not recorded" in printed and "MTCNN" not in printed
    rows = pd.read_csv(csv).set_index("file").loc[[str(folder / name) for name in run.splits(folder).test.ids]]
    names = run.manifest["class_names"]
    assert [names.index(label) for label in rows["label"]] == run.samples["test_prediction"].tolist()
    np.testing.assert_allclose(rows["probability"], run.samples["test_confidence"].astype(float), atol=0.005)
    np.testing.assert_allclose(rows["alpha"], run.samples["test_alpha"].astype(float), atol=0.005)
    assert (rows["status"] == "whole").all() and rows[["face", "left", "detected"]].isna().all(axis=None)
    assert rows["photograph_accuracy"].isna().all() and len(list(out.iterdir())) == len(rows)


@pytest.mark.parametrize(("dataset", "write"), [("rafdb", write_rafdb), ("affectnet", write_affectnet_npy)])
def test_faces_that_others_aligned_are_taken_as_they_are(dataset, write, tmp_path):
    root = write(tmp_path / "data")
    config = profile_config("smoke", dataset=dataset, method="baseline", epochs=1)
    run = runs.run(config, root=root, out=tmp_path / "run", progress=False, device="cpu")
    files = [root / name for name in run.splits(root).test.ids]
    answers = [found[0] for _, found in predict.predict_files(files, predict.Predictor(run), None)]
    expected = [run.manifest["class_names"][label] for label in run.samples["test_prediction"]]
    assert [one.label for one in answers] == expected
    sure = [one.probabilities[one.label] for one in answers]
    np.testing.assert_allclose(sure, run.samples["test_confidence"].astype(float), atol=0.005)


def test_a_picture_that_its_loader_would_refuse_is_unreadable(folder, tmp_path):
    predictor = predict.Predictor(folder_run(folder, tmp_path / "run"))
    Image.new("RGB", (30, 7)).save(tmp_path / "flat.png")
    ((photo, (one,)),) = predict.predict_files([tmp_path / "flat.png"], predictor, None)
    assert photo is None and one.status == "unreadable" and "no face can be seen in less than 8" in one.words()


def test_the_card_of_a_folder_claims_nothing_of_its_pictures(folder, tmp_path):
    run, card = folder_run(folder, tmp_path / "run"), tmp_path / "card.md"
    assert cli.main(["predict", "--card", str(card), "--run", str(run.path)]) == 0
    text = card.read_text()
    assert "of its own 12 test faces (folder; whether these are photographs is not recorded)." in text
    assert "whether its pictures are photographs is not recorded" in text and "Pictures are taken whole" in text
    assert "trained on no photograph" not in text and "MTCNN" not in text and "(folder, photographs)" not in text


@pytest.mark.parametrize("option", ["--csv", "--card"])
def test_a_forgotten_value_does_not_cost_a_picture(option, scn_run, tmp_path, capsys):
    """`scn predict --card a.png b.png` takes the first picture for the card's place."""
    one, other = (save(tmp_path / name, portrait()) for name in ("a.png", "b.png"))
    before = one.read_bytes()
    assert cli.main(["predict", "--run", str(scn_run.path), option, str(one), str(other)]) == 2
    assert f"{option} {one}: the name of the file to write must end in" in capsys.readouterr().err
    assert one.read_bytes() == before


def test_the_command_refuses_what_it_cannot_do(scn_run, capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    Image.new("RGB", (90, 80), "green").save(tmp_path / "nobody.png")
    for words, message in (
        (["predict"], "name a picture, a folder of pictures, or --card FILE.md"),
        (["predict", "/nowhere.png"], "/nowhere.png: there is no such picture or folder"),
        (["predict", str(tmp_path / "empty")], "holds no pictures"),
        (["predict", str(tmp_path / "nobody.png"), "--run", str(tmp_path)], "holds no run"),
        (["export", str(tmp_path), "a.pt2"], "holds no run"),
        (["transfer", str(tmp_path), "--root", "/nowhere"], "holds no run"),
    ):
        assert cli.main(words) == 2
        assert message in capsys.readouterr().err
    assert cli.main(["predict", str(tmp_path / "nobody.png"), "--run", str(scn_run.path)]) == 1
    assert "nobody.png: no face" in capsys.readouterr().out
