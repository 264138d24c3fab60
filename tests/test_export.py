"""An exported run answers as the run does, for any number of faces, and says what it is."""

import importlib.util
import json
import sys

import pytest
import torch
from PIL import Image

from scnlib import cli, export, runs
from scnlib.config import profile_config
from scnlib.errors import ScnError
from scnlib.predict import Predictor

MISSING = [name for name in ("onnx", "onnxscript", "onnxruntime") if importlib.util.find_spec(name) is None]
needs_onnx = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (pip install -e .[export])")

# torch itself warns while it exports.
pytestmark = pytest.mark.filterwarnings("ignore")


def pictures(n):
    return torch.randint(0, 256, (n, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(n))


def test_torch_export_agrees_for_any_number_of_faces(scn_run, tmp_path, capsys):
    path = tmp_path / "new" / "scn.pt2"
    assert cli.main(["export", str(scn_run.path), str(path)]) == 0
    assert "images -> probabilities, alpha" in capsys.readouterr().out
    extra = {"scn.json": ""}
    network, predictor = torch.export.load(path, extra_files=extra).module(), Predictor(scn_run)
    for n in (1, 2, 9):
        with torch.no_grad():
            torch.testing.assert_close(network(pictures(n)), predictor(pictures(n)), atol=1e-5, rtol=1e-5)
    words = json.loads(extra["scn.json"])
    assert json.loads(words["class_names"]) == list("abcd") and words["outputs"] == ["probabilities", "alpha"]
    assert words["run"] == scn_run.manifest["key"] and words["size"] == "32" and "not an emotion" in words["warning"]


def test_the_file_says_how_pictures_must_be_shown(scn_run, tmp_path):
    words = export.metadata(scn_run, Predictor(scn_run))
    assert len(json.loads(words["frame"])) == 5 and "cut out" in words["shown"]
    config = profile_config("smoke", dataset="folder", method="baseline")
    root = tmp_path / "faces"
    for i, image in enumerate(pictures(16)):
        path = root / ("test" if i < 4 else "train") / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(path)
    whole = runs.run(config, root=root, out=tmp_path / "run", progress=False)
    done = export.export(whole, tmp_path / "whole.pt2")
    extra = {"scn.json": ""}
    torch.export.load(done.path, extra_files=extra)
    words = json.loads(extra["scn.json"])
    assert json.loads(words["frame"]) is None and json.loads(words["grey"]) is False
    assert "taken whole" in words["shown"]


@needs_onnx
def test_onnx_agrees_for_any_number_of_faces(scn_run, tmp_path):
    import onnxruntime

    done = export.export(scn_run, tmp_path / "scn.onnx")
    assert done.difference <= export.TOLERANCE and done.outputs == ("probabilities", "alpha")
    session = onnxruntime.InferenceSession(done.path, providers=["CPUExecutionProvider"])
    for n in (1, 9):
        with torch.no_grad():
            expected = Predictor(scn_run)(pictures(n))
        answer = session.run(None, {"images": pictures(n).numpy()})
        for mine, theirs in zip(expected, answer, strict=True):
            torch.testing.assert_close(mine, torch.from_numpy(theirs), atol=1e-4, rtol=0)
    words = session.get_modelmeta().custom_metadata_map
    assert json.loads(words["class_names"]) == list("abcd") and words["method"] == "scn"


def test_an_export_that_differs_is_refused_and_leaves_nothing(scn_run, tmp_path, monkeypatch):
    def write(predictor, images, outputs, words, path):
        path.write_text("")

    def answer(path, images):
        p, alpha = Predictor(scn_run)(images)
        return p, alpha + 0.01 * (len(images) > 1)  # wrong for another number of faces alone

    monkeypatch.setattr(export, "_write_pt2", write)
    monkeypatch.setattr(export, "_run_pt2", answer)
    with pytest.raises(ScnError, match="differ from the network's by 0.01, more than 0.0001"):
        export.export(scn_run, tmp_path / "a.pt2")
    assert not list(tmp_path.glob("*.pt2"))


def test_other_endings_and_missing_packages_are_said(scn_run, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="must end in .onnx or .pt2"):
        export.export(scn_run, tmp_path / "a.pb")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ScnError, match=r"pip install -e .\[export\]"):
        export.export(scn_run, tmp_path / "a.onnx")
