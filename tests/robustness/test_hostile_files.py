"""Files that were made to harm: nothing in them runs, nothing leaves its folder, and memory stays bounded."""

import ast
import csv
import io
import json
import os
import pickle
import re
import shutil
import struct
import zipfile
import zlib
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import EpsImagePlugin, Image
from safetensors.torch import save_file

import scnlib
from book import build
from scnlib import model_card, predict, pretrained, report, runs
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.course import own_photo
from scnlib.datasets import FaceSet, align, align_manifest, load_dataset, video, webemotion_build
from scnlib.datasets.cache import cached
from scnlib.datasets.decode import decode, decode_all
from scnlib.datasets.ferplus import image_problem
from scnlib.datasets.released import released_labels
from scnlib.errors import ScnError
from scnlib.paths import cache_dir
from scnlib.run_folder import Run, open_run
from tests.datasets.made import write_affectnet_npy, write_folder
from tests.robustness.children import peak_growth

# ------------------------------------------------------------------------------------------------------------- pickles


class Boom:
    """A pickle of it makes the file ``marker`` when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self.marker}'",)


@pytest.fixture
def marker(tmp_path):
    """Where a pickle that runs leaves its mark; nothing has when the test ends."""
    path = tmp_path / "it ran"
    yield path
    assert not path.exists(), "code out of a file was run"


def pickled(path: Path, marker: Path, kind: str = "pickle") -> Path:
    """A file that runs code in whoever loads it without care."""
    path.parent.mkdir(parents=True, exist_ok=True)
    boom = Boom(marker)
    if kind in ("pickle", "pickle of old"):
        path.write_bytes(pickle.dumps({"state_dict": boom}, protocol=4 if kind == "pickle" else 2))
    elif kind == "torch":
        torch.save({"state_dict": {"conv1.weight": torch.zeros(1)}, "epoch": boom}, path)
    elif kind == "torch of old":
        torch.save({"state_dict": boom}, path, _use_new_zipfile_serialization=False)
    elif kind == "numpy":
        with path.open("wb") as file:
            np.save(file, np.array([boom], dtype=object))
    elif kind == "numpy archive":
        with path.open("wb") as file:
            np.savez(file, given=np.array([boom], dtype=object), alpha=np.array([boom], dtype=object))
    return path


def test_the_pickles_of_these_tests_do_run_where_nobody_is_careful(tmp_path):
    for kind in ("pickle", "torch", "torch of old", "numpy"):
        marker = tmp_path / f"{kind} ran"
        path = pickled(tmp_path / kind, marker, kind)
        if kind == "pickle":
            pickle.loads(path.read_bytes())
        elif kind == "numpy":
            np.load(path, allow_pickle=True)
        else:
            torch.load(path, weights_only=False)
        assert marker.exists()


@pytest.mark.attack("a pickle that runs code, offered as weights", "refused, and what it asks to run is named")
@pytest.mark.parametrize("kind", ["pickle", "pickle of old", "torch", "torch of old"])
def test_weights_run_nothing(tmp_path, marker, capsys, kind):
    path = pickled(tmp_path / "ijba_res18_naive.pth.tar", marker, kind)
    assert main(["weights", str(path)]) == 2
    words = "Unsupported operand 149); nothing was run" if kind == "pickle" else "asks to run posix.system"
    assert words in capsys.readouterr().err
    with pytest.raises(ValueError, match="nothing was run"):
        pretrained.load(path, "resnet18", 224)


@pytest.mark.attack("weights of some kilobytes that unpack to gigabytes", "refused before they are unpacked")
def test_weights_are_not_unpacked(tmp_path, capsys):
    path, packed = tmp_path / "weights.pth", tmp_path / "packed.pth"
    torch.save({"state_dict": {"conv1.weight": torch.zeros(1 << 24)}}, path)
    with zipfile.ZipFile(path) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in plain.infolist():
            archive.writestr(record.filename, plain.read(record))
    assert packed.stat().st_size < 2**17

    def work():
        with pytest.raises(ValueError, match=r"packed\.pth is damaged.*its records are compressed"):
            pretrained.read(packed)

    assert peak_growth(work) < 40


@pytest.mark.attack("a TorchScript program, offered as weights", "refused; nothing is run")
def test_a_program_is_no_checkpoint(tmp_path, capsys, recwarn):
    class Program(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    path = tmp_path / "program.pt"
    torch.jit.save(torch.jit.script(Program()), path)
    assert main(["weights", str(path)]) == 2
    assert "nothing was run" in capsys.readouterr().err


@pytest.mark.attack("a pickle under the name of each tensor file", "a message that names the file; nothing is run")
def test_no_tensor_file_is_unpickled(tmp_path, marker, scn_run, capsys):
    hostile = tmp_path / "run"
    shutil.copytree(scn_run.path, hostile)
    run = open_run(hostile)
    for kind in ("pickle", "torch"):
        pickled(hostile / "model.safetensors", marker, kind)
        assert main(["weights", str(hostile)]) == 2
        assert "model.safetensors is damaged or no safetensors file" in capsys.readouterr().err
        with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
            run.network()
        with pytest.raises(ValueError, match="damaged or no safetensors file"):
            FaceSet.load(pickled(tmp_path / "faces.safetensors", marker, kind))


@pytest.mark.attack("a pickle as the checkpoint of a run that was cut off", "the run says that it is damaged and stops")
def test_a_checkpoint_to_go_on_from_is_not_unpickled(squares, tmp_path, marker, monkeypatch):
    config = profile_config("smoke", method="baseline")

    def stopped(self, **_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs.Training, "train_epoch", stopped)
        runs.run(config, out=tmp_path / "run", progress=False)
    pickled(tmp_path / "run" / "checkpoint.safetensors", marker, "torch")
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors is damaged"):
        runs.run(config, out=tmp_path / "run", progress=False)


@pytest.mark.attack("objects in samples.npz, or a pickle instead of it", "adding the run to the results is refused")
@pytest.mark.parametrize("kind", ["numpy archive", "numpy", "pickle"])
def test_samples_are_numbers_or_nothing(tmp_path, marker, scn_run, capsys, kind):
    hostile = tmp_path / "run"
    shutil.copytree(scn_run.path, hostile)
    pickled(hostile / "samples.npz", marker, kind)
    assert main(["results", "mine", str(hostile), "--folder", str(tmp_path / "results")]) == 2
    said = capsys.readouterr().err
    assert "samples.npz" in said and "scn: " in said


@pytest.mark.attack("a pickle as a file of released labels", "refused with the line that is no name and label")
def test_label_lists_are_read_as_text(tmp_path, marker):
    with pytest.raises(ValueError, match="line 1: expected a name and a label"):
        released_labels(pickled(tmp_path / "0.1noise_train.txt", marker), base=0)


@pytest.mark.attack("objects and archives among AffectNet's .npy labels", "these rows are named; nothing is run")
@pytest.mark.parametrize("kind", ["numpy", "numpy archive", "pickle"])
def test_labels_in_arrays_are_numbers_or_nothing(tmp_path, marker, kind):
    root = write_affectnet_npy(tmp_path / "affectnet", train=9, test=8)
    pickled(root / "train_set/annotations/3_exp.npy", marker, kind)
    with pytest.raises(ValueError, match=r"annotations/3_exp\.npy: holds no whole number"):
        load_dataset("affectnet", root, size=16)


@pytest.mark.attack("a pickle in the place of a cache", "it is made again; nothing is run")
def test_a_cache_is_never_unpickled(marker):
    for kind in ("pickle", "torch", "numpy"):
        expected = cached("hostile", {}, lambda: {"images": torch.ones(2, 3, dtype=torch.uint8)})["images"]
        (path,) = cache_dir().glob("hostile-*.safetensors")
        path.unlink()
        pickled(path, marker, kind)
        again = cached("hostile", {}, lambda: {"images": torch.ones(2, 3, dtype=torch.uint8)})["images"]
        assert torch.equal(again, expected)


@pytest.mark.attack("a safetensors header that lies about its length, its places or its kinds", "refused, made again")
@pytest.mark.parametrize(
    "header",
    [
        {"images": {"dtype": "U8", "shape": [1 << 40], "data_offsets": [0, 1 << 40]}},
        {"images": {"dtype": "U8", "shape": [4], "data_offsets": [-4, 0]}},
        {"images": {"dtype": "U8", "shape": [1 << 32, 1 << 32], "data_offsets": [0, 4]}},
        {"images": {"dtype": "OBJ", "shape": [4], "data_offsets": [0, 4]}},
        {"images": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}},
        None,
    ],
    ids=["beyond the end", "before the start", "more than it has", "no kind", "a hole", "endless header"],
)
def test_headers_are_held_against_the_file(tmp_path, header):
    made = torch.full((4,), 7, dtype=torch.uint8)
    cached("hostile", {}, lambda: {"images": made})
    (path,) = cache_dir().glob("hostile-*.safetensors")
    words = json.dumps(header).encode()
    length = len(words) if header else 1 << 62
    content = length.to_bytes(8, "little") + words + b"1234"
    path.write_bytes(content)
    assert torch.equal(cached("hostile", {}, lambda: {"images": made})["images"], made)
    (tmp_path / "faces.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="damaged or no safetensors file"):
        FaceSet.load(tmp_path / "faces.safetensors")


@pytest.mark.attack("tensors and sources under names that nobody knows", "refused as no FaceSet")
def test_a_face_set_has_no_other_parts(tmp_path):
    tensors = {"images": torch.zeros(1, 1, 8, 8, dtype=torch.uint8), "labels": torch.zeros(1, dtype=torch.int64)}
    source = {"name": "n", "version": "v", "sha256": "0"}
    words = {"class_names": '["a"]', "ids": '["0"]', "source": json.dumps(source)}
    path = tmp_path / "faces.safetensors"
    save_file(tensors, path, metadata=words)
    assert len(FaceSet.load(path)) == 1
    save_file(tensors | {"__class__": torch.zeros(1)}, path, metadata=words)
    with pytest.raises(ValueError, match="holds no FaceSet"):
        FaceSet.load(path)
    save_file(tensors, path, metadata=words | {"source": json.dumps(source | {"__init__": 1})})
    with pytest.raises(ValueError, match="holds no FaceSet"):
        FaceSet.load(path)


@pytest.mark.attack(
    "archives with paths outside, code to evaluate", "nothing here unpacks an archive or evaluates a text"
)
def test_nothing_unpacks_unpickles_or_evaluates():
    """Read off the code: an archive is never unpacked, so no path in one can lead anywhere."""
    forbidden = {"extract", "extractall", "unpack_archive", "eval", "exec", "system", "popen", "read_pickle", "loads"}
    modules = {"tarfile", "shelve", "marshal", "joblib", "dill", "yaml", "pickle"}
    careful = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
    found = []
    for path in sorted(Path(scnlib.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                found += [f"{path.name}: import {name}" for name in names if name.partition(".")[0] in modules]
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                said = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
                last = called.rpartition(".")[2]
                harmless = called in ("json.loads", "tomllib.loads") or (
                    last == "eval" and "." in called
                )  # of a network
                if last in forbidden and not harmless:
                    found.append(f"{path.name}: {called}")
                if called in careful and said.get(careful[called][0], "") is not careful[called][1]:
                    found.append(f"{path.name}: {called} without {careful[called][0]}={careful[called][1]}")
                if said.get("shell"):
                    found.append(f"{path.name}: {called} in a shell")
    assert not found


# -------------------------------------------------------------------------------------------------------------- images


def png(path: Path, side: int, bits: int = 1) -> Path:
    """A black picture with few bits a pixel: 30,000 x 30,000 of them in some hundred kilobytes."""
    row = bytes(1 + (bits * side + 7) // 8)
    packer = zlib.compressobj(6)
    packed = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", side, side, bits, 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    return path


@pytest.fixture(scope="session")
def bombs(tmp_path_factory):
    """Pictures of some kilobytes that want gigabytes when they are decoded."""
    folder = tmp_path_factory.mktemp("bombs")
    png(folder / "30000.png", 30_000)
    png(folder / "12000.png", 12_000)  # which Pillow lets through with a warning
    (folder / "gif.gif").write_bytes(b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b";")
    (folder / "bmp.bmp").write_bytes(
        struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, 20_000, 20_000, 1, 24, 0, 0, 0, 0, 0, 0)
    )
    (folder / "ppm.ppm").write_bytes(b"P6 30000 30000 255\n" + bytes(3000))
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000
    return sorted(folder.iterdir())


def refused_by(read, path):
    try:
        read(path)
    except ValueError as error:
        assert str(path.name) in str(error)
        return True
    return False


READERS = {
    "the decoder": lambda path: decode(path, 48),
    "a cut to a face": lambda path: decode(path, 48, (0, 0, 64, 64)),
    "scn predict": predict.read_photo,
    "lesson 16": lambda path: own_photo.chosen(None, str(path)),
    "FER+": lambda path: (_ for _ in ()).throw(ValueError(*image_problem(path))),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.attack(
    "pictures of some kilobytes with up to 4,300 million pixels (PNG, GIF, BMP, PPM)",
    "refused by name before unpacking",
)
@pytest.mark.parametrize("reader", READERS)
def test_a_picture_that_unpacks_to_gigabytes_is_refused(bombs, reader):
    def work():
        for path in bombs:
            assert refused_by(READERS[reader], path), path

    assert peak_growth(work) < 150


@pytest.mark.attack("a folder of such pictures as a dataset, or to align", "each is named; memory stays bounded")
def test_many_such_pictures_at_once(bombs, tmp_path):
    folder = write_folder(tmp_path / "mine", train=14, test=7)
    for number, path in enumerate(bombs * 8):
        shutil.copy(path, folder / "train" / "anger" / f"{number}{path.suffix}")

    def work():
        problems = decode_all(bombs * 8, 48)[1]
        assert len(problems) == 8 * len(bombs)
        with pytest.raises(ValueError, match=f"{8 * len(bombs)} of {14 + 8 * len(bombs)} images cannot be used"):
            load_dataset("folder", folder, size=48)
        with align._one_core_each():
            assert all(isinstance(align._read(path), str) for path in bombs)

    assert peak_growth(work) < 250


@pytest.mark.attack(
    "a folder of pictures just small enough, to align", "no more of them at once than memory has room for"
)
def test_large_pictures_wait_for_each_other(monkeypatch):
    sizes = {"a": 10, "b": 10, "huge": 1000, "c": 60, "d": 50, "e": 0}
    monkeypatch.setattr(align, "pixels", lambda path: sizes[path.name])
    monkeypatch.setattr(align, "_WINDOW", 3)
    assert list(align._windows(Path(), list("abcde"), 100)) == [["a", "b", "c"], ["d", "e"]]
    windows = list(align._windows(Path(), list(sizes), 100))
    assert windows == [["a", "b"], ["huge"], ["c"], ["d", "e"]]
    assert list(align._windows(Path(), [], 100)) == []


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.attack("a face box of a billion pixels in AffectNet's list", "refused by name")
def test_a_box_is_no_larger_than_a_picture_may_be(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")

    def work():
        for side in (12_000, 10**6):
            with pytest.raises(ValueError, match=r"a\.png cannot be cut to the box"):
                decode(tmp_path / "a.png", 48, (0, 0, side, side))

    assert peak_growth(work) < 100


@pytest.mark.attack("a PostScript program that calls itself .jpg", "no interpreter is started; no known format")
def test_pictures_are_pictures_and_not_programs(tmp_path, monkeypatch):
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 48 48\n%%EndComments\n(it ran) print\nshowpage\n"
    path = tmp_path / "face.jpg"
    path.write_bytes(program)
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("an interpreter was started"))
    with pytest.raises(ValueError, match=r"face\.jpg cannot be read as an image \(no known image format\)"):
        decode(path, 48)


@pytest.mark.attack("a film of some kilobytes with frames of 144 million pixels", "refused; memory stays bounded")
def test_a_film_of_giant_frames_is_refused(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "film.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = 64  # what the container says is not what the frames have
        stream.pix_fmt = "rgb24"
        packet = av.Packet(png(tmp_path / "frame.png", 12_000, bits=8).read_bytes())
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1)
        container.mux(packet)
    assert path.stat().st_size < 400_000

    def work():
        with pytest.raises(video.BrokenVideo):
            list(video.sample_frames(path))

    assert peak_growth(work) < 60


# ------------------------------------------------------------------------------------------------ paths out of a folder


@pytest.mark.attack("a manifest whose faces lie outside of its folder", "refused; nothing outside is deleted")
@pytest.mark.parametrize("place", ["../thesis.png", "{}", "a/../../thesis.png"])
def test_aligning_deletes_nothing_outside(tmp_path, place):
    victim, source, target = tmp_path / "thesis.png", tmp_path / "in", tmp_path / "out"
    for path in (victim, source / "a.png"):
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (32, 32)).save(path)
    target.mkdir()
    align_manifest.check_settings(target / align_manifest.SETTINGS, align.Settings(), "scn align")
    row = dict.fromkeys(align_manifest.COLUMNS, "1") | {"file": "a.png", "output": place.format(victim)}
    with (target / align_manifest.MANIFEST).open("w", newline="") as file:
        writer = csv.DictWriter(file, align_manifest.COLUMNS)
        writer.writeheader()
        writer.writerow(row)
    with pytest.raises(ScnError, match=r"the face of a\.png is said to lie at .*thesis\.png; delete that row"):
        align.align_folder(source, target, detector=SimpleNamespace(device=torch.device("cpu")))
    assert victim.is_file()


@pytest.mark.attack("a record of a video whose faces lie outside", "refused; nothing outside is deleted")
def test_building_webemotion_deletes_nothing_outside(tmp_path):
    path = tmp_path / "in" / "happy" / "film.mp4"
    film = webemotion_build.Video("happy/film.mp4", path, "happy")
    face = dict.fromkeys(webemotion_build._FACE, "") | {"face": "../thesis.jpg"}
    record = tmp_path / "out" / "records" / f"{film.id}.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(dict.fromkeys(webemotion_build._RECORD, "") | {"status": "ok", "faces": [face]}))
    with pytest.raises(ScnError, match=r"a face is said to lie at \.\./thesis\.jpg; delete that file"):
        webemotion_build._do(film, tmp_path / "out", webemotion_build.Settings(), detector=None)


@pytest.mark.attack("an uploaded photograph with a path for a name", "it is read in a folder of its own, and gone")
@pytest.mark.parametrize("name", ["../../thesis.png", "/{}/thesis.png"])
def test_an_upload_stays_in_its_folder(tmp_path, name):
    victim = tmp_path / "thesis.png"
    victim.write_bytes(b"years of work")
    content = io.BytesIO()
    Image.new("RGB", (32, 32)).save(content, "PNG")
    button = SimpleNamespace(value=[{"name": name.format(tmp_path), "content": content.getvalue()}])
    assert own_photo.chosen(button)[0].shape == (3, 32, 32)
    assert victim.read_bytes() == b"years of work"


# ------------------------------------------------------------------------------------------------- names that are code

SCRIPT = '<script>alert("1")</script>'
PICTURE = "<img src=x onerror=alert(1)>"
NAMES = (SCRIPT, PICTURE, "</td></table><h1>", "a | b", "`code`", "[x](javascript:alert(1))", "{{ 7*7 }}", "a\n\n# b")


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


@pytest.fixture
def hostile_report(tmp_path, scn_run, monkeypatch):
    """The report of a run and a lesson whose every text is HTML."""
    row = scn_run.row() | {"origin": "measured here"}
    rows = [
        row | {"dataset": name, "method": name, "options": json.dumps({name: name}), "origin": name, "noise_kind": name}
        for name in NAMES
    ]
    table = pd.DataFrame([row, *rows])
    monkeypatch.setattr(report, "everything", lambda profile: (table, pd.DataFrame(), [f"{n}: damaged" for n in NAMES]))
    monkeypatch.setattr(report, "_claims", lambda *_: "")
    monkeypatch.setattr(report, "_side_by_side", lambda *_: "")
    (tmp_path / "figures").mkdir()
    figures = {name: {"alt": f'" onload="alert(1)" {name}', "file": f'{name}" onerror="alert(1)'} for name in NAMES}
    (tmp_path / "figures" / "index.json").write_text(json.dumps(figures))
    outcomes = [
        SimpleNamespace(name=name, ok=False, cell="1", seconds=1.0, notebook=tmp_path / "a\"'<b>.ipynb",
                        log=tmp_path / "logs" / "a\"'<b>.log")
        for name in NAMES
    ]  # fmt: skip
    return report.write(tmp_path, f"quick{SCRIPT}", outcomes)


@pytest.mark.attack("HTML in the names of runs, datasets, options, lessons, figures", "the report shows it as text")
def test_the_report_holds_no_foreign_tags(hostile_report):
    page = Tags(hostile_report.read_text(encoding="utf-8"))
    assert "script" not in page.tags and page.tags.count("h1") == 1
    assert page.tags.count("img") == len(NAMES)  # the figures
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for name, value in page.attributes if name == "href" and value.startswith("javascript")]


@pytest.mark.attack("names that would end the report's part of a page of the book", "the part holds them")
def test_the_book_takes_the_report_as_a_whole(hostile_report, tmp_path):
    escape = "a\n````\n```{include} /etc/passwd\n```\n``````\n# heading"
    text = hostile_report.read_text(encoding="utf-8").replace("damaged", escape)
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    page = build.report_page(tmp_path, "quick")
    inside, outside = False, []
    fence = ""
    for line in page.splitlines():
        if not inside and (begin := re.match(r"(`{3,})\{raw\} html$", line)):
            inside, fence = True, begin[1]
        elif inside and re.fullmatch(f"{fence}`*", line):
            inside = False
        elif not inside:
            outside.append(line)
    assert not inside
    assert all(not line or line.startswith(("# The report", "## ")) for line in outside)
    assert "# heading" in page and "# heading" not in outside


@pytest.mark.attack("HTML and Markdown in class names", "the model card shows them as text")
def test_the_model_card_shows_class_names_as_they_are(scn_run):
    names = [PICTURE, "a | b", "`c`", "# [x](javascript:alert(1))\n\n# d"]
    hostile = Run(scn_run.path)
    hostile.__dict__["manifest"] = scn_run.manifest | {
        "class_names": names,
        "source": scn_run.manifest["source"] | {"version": ", ".join(names)},
    }
    card = model_card.model_card(hostile)
    assert not re.search(r"(?<!\\)<\w", card)
    assert not re.search(r"(?<!\\)\[x", card)
    assert r"\<img src=x onerror=alert(1)\>" in card
    (columns,) = {line.count("|") - line.count(r"\|") for line in card.splitlines() if line.startswith("| class")}
    assert columns == card[card.index("| factor") :].partition("\n")[0].count("|")
    assert "\n# d" not in card


@pytest.mark.attack("quotes, commas, line breaks and formulas in names of files and classes", "the CSV gives them back")
def test_tables_hold_names_as_they_are(tmp_path):
    names = ['a","b', "a,b", "a\nb", "=cmd|' /C calc'!A0", SCRIPT]
    found = [
        predict.Prediction(name, "found", probabilities={SCRIPT: 0.5, "a,b": 0.5}, box=(0, 0, 1, 1)) for name in names
    ]
    path = predict.write_csv(tmp_path / "answers.csv", found, [SCRIPT, "a,b"], 50.0, None)
    table = pd.read_csv(path)
    assert table["file"].tolist() == names
    assert {f"p_{SCRIPT}", "p_a,b"} <= set(table)


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe"


@pytest.mark.attack("names of files that steer a terminal, or are no text at all", "they are spelled out")
@pytest.mark.parametrize("name", [f"{ESCAPES}.png", os.fsdecode(b"\xff\xfe.png")], ids=["escapes", "bytes"])
def test_nothing_steers_the_terminal(tmp_path, capsys, scn_run, name):
    folder = write_folder(tmp_path / "mine", train=14, test=7)
    for split in ("train", "test"):
        (folder / split / "anger" / name).write_bytes(b"no picture")
    codes = [
        main(["data", "check", "folder", "--root", str(folder)]),
        main(["run", "--profile", "smoke", "--dataset", "folder", "--root", str(folder)]),
        main(["weights", str(folder / "train" / "anger" / name)]),
        main(["predict", str(folder / "train" / "anger" / name), "--run", str(scn_run.path)]),
    ]
    assert codes == [1, 2, 2, 1]
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text.replace("\r", ""))
        assert "\\x1b]0;owned" in text or "\\udcff" in text
