"""As many images as AffectNet has, in miniature: what must not fit into memory does not have to."""

import dataclasses
import hashlib
import io
import mmap

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from scnlib import runs, streaming
from scnlib.bench import load
from scnlib.config import profile_config
from scnlib.datasets import cache, load_dataset, rendered
from scnlib.datasets.cache import cached
from scnlib.datasets.faceset import content_sha256
from scnlib.methods import SCN, Baseline
from scnlib.paths import cache_dir
from scnlib.precision import Precision
from scnlib.training import Training, epoch_batches
from tests.conftest import make_faces
from tests.robustness.children import with_memory_of_its_own

CPU, FLOAT32 = torch.device("cpu"), Precision(torch.float32, "test")
SIDE, ROOM = 96, 64  # px, MiB


def many_pictures(folder, n):
    """A folder of n pictures of a few colours, in two classes."""
    contents = []
    for level in range(7):
        picture = io.BytesIO()
        Image.new("RGB", (12, 12), (30 * level, 90, 250 - 30 * level)).save(picture, "PNG")
        contents.append(picture.getvalue())
    for i in range(n):
        path = folder / "train" / "ab"[i % 2] / f"{i:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[i % 7])
    return folder


@pytest.mark.attack(
    "a folder of images that take more than twice, and four times, the memory that there is",
    "decoded, hashed and read in batches within it",
)
@pytest.mark.parametrize("n", [5000, 10_000])
def test_memory_does_not_grow_with_the_number_of_images(tmp_path, n):
    folder = many_pictures(tmp_path / "many", n)
    size = n * 3 * SIDE**2 / 2**20
    assert size > 2 * ROOM * n / 5000

    def work() -> str:
        with pytest.raises((RuntimeError, MemoryError)):  # held whole they do not fit
            torch.ones(n, 3, SIDE, SIDE, dtype=torch.uint8)
        faces, seen = load_dataset("folder", folder, size=SIDE), torch.zeros(n, dtype=torch.int64)
        for rows in epoch_batches(n, 256, seed=0, epoch=1):
            seen[rows] = faces.images[rows][:, 0, 0, 0].long()
        again = load_dataset("folder", folder, size=SIDE)
        assert again.source == faces.source
        return f"{int((seen == 30 * (torch.tensor([int(name[-9:-4]) for name in faces.ids]) % 7)).sum())}"

    assert with_memory_of_its_own(ROOM, work) == str(n)


@pytest.mark.attack("a set of rendered faces larger than memory", "painted, written and hashed in pieces")
def test_rendered_faces_are_painted_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(rendered.faces, "render", lambda latents, size: torch.full((len(latents), 3, size, size), 7,
                                                                                  dtype=torch.uint8))  # fmt: skip

    def work() -> str:
        faces = load_dataset("rendered", n=1200, size=224)
        assert faces.images.nbytes > 2 * ROOM * 2**20
        return str(int(faces.images[-1].sum()))

    assert with_memory_of_its_own(ROOM, work) == str(7 * 3 * 224**2)


# --------------------------------------------------------------------------------------------------------- cache files


def pieces(*lengths):
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(0, 256, (n, 3, 5, 7), dtype=torch.uint8, generator=generator) for n in lengths]


def test_what_is_written_in_pieces_is_a_safetensors_file_of_the_whole():
    images, floats = pieces(2, 0, 3), torch.randn(5, 2)
    found = cached("pieces", {}, lambda: {
        "images": iter(images), "usable": torch.tensor([True, False]), "floats": floats.t(), "numbers": torch.arange(3),
    })  # fmt: skip
    (path,) = cache_dir().glob("pieces-*.safetensors")
    for tensors in (found, load_file(path), cached("pieces", {}, lambda: pytest.fail("made again"))):
        assert torch.equal(tensors["images"], torch.cat(images))
        assert torch.equal(tensors["floats"], floats.t())
        assert tensors["usable"].tolist() == [True, False] and tensors["numbers"].tolist() == [0, 1, 2]


def test_no_image_at_all_is_a_tensor_with_a_shape():
    assert cached("none", {}, lambda: {"images": pieces(0), "n": torch.zeros(0)})["images"].shape == (0, 3, 5, 7)


@pytest.mark.attack(
    "a system that does not promise the memory for a large file", "the file is mapped for reading alone"
)
def test_a_file_larger_than_memory_is_mapped_all_the_same(monkeypatch, recwarn):
    (images,) = pieces(4)
    expected = cached("large", {}, lambda: {"images": images})["images"]

    class Refusing:
        ACCESS_COPY, ACCESS_READ = mmap.ACCESS_COPY, mmap.ACCESS_READ

        @staticmethod
        def mmap(number, length, access):
            if access == mmap.ACCESS_COPY:
                raise OSError(12, "Cannot allocate memory")
            return mmap.mmap(number, length, access=access)

    monkeypatch.setattr(cache, "mmap", Refusing)
    found = cached("large", {}, lambda: pytest.fail("made again"))["images"]
    assert torch.equal(found, expected) and not recwarn.list


@pytest.mark.attack("somebody who writes into the images of a dataset", "the cache keeps what it has")
def test_writing_to_images_stays_in_memory():
    (images,) = pieces(4)
    found = cached("mine", {}, lambda: {"images": images})["images"]
    found.zero_()
    assert torch.equal(cached("mine", {}, lambda: pytest.fail("made again"))["images"], images)


def test_the_hash_of_a_tensor_is_that_of_its_bytes():
    tensors = [*pieces(3), torch.arange(5), torch.tensor(2.5), torch.zeros(0, 4), torch.tensor([True, False])]
    tensors.append(tensors[0].transpose(2, 3))
    for tensor in tensors:
        words = f"{tensor.dtype}{tuple(tensor.shape)}".encode() + tensor.numpy().tobytes()
        assert content_sha256(tensor) == hashlib.sha256(words).hexdigest()


# ----------------------------------------------------------------------------------------------------------- streaming


@pytest.mark.attack(
    "images that are too many for the device", "streamed batch by batch, with the same numbers, and said"
)
@pytest.mark.parametrize("method", ["scn", "curriculumnet"])
def test_a_streamed_run_has_the_numbers_of_a_resident_one(squares, tmp_path, monkeypatch, capsys, method):
    config = profile_config("smoke", method=method, epochs=3, oversample=True, noise_rate=0.2)
    resident = runs.run(config, out=tmp_path / "resident")
    assert "streamed" not in capsys.readouterr().err
    monkeypatch.setattr(streaming, "room", lambda device: 1000)
    streamed = runs.run(config, out=tmp_path / "streamed")
    assert "the training images (6.1e-05 GiB) take more than 50% of the memory of cpu: they are streamed" in (
        capsys.readouterr().err
    )
    assert streamed.manifest["key"] == resident.manifest["key"]
    one, other = resident.weights(), streamed.weights()
    assert all(torch.equal(one[name], other[name]) for name in one)
    for name, values in resident.samples.items():
        assert (values == streamed.samples[name]).all(), name
    columns = [name for name in resident.metrics if name != "seconds"]
    assert resident.metrics[columns].equals(streamed.metrics[columns])


def test_batches_are_read_one_ahead_in_order_and_no_further():
    images, asked = torch.arange(24).view(12, 2), []

    def batches():
        for rows in torch.arange(12).split(3):
            asked.append(int(rows[0]))
            yield rows

    found = streaming.read_ahead(images, batches(), CPU)
    assert torch.equal(next(found), images[:3]) and asked == [0, 3]
    assert torch.equal(next(found), images[3:6]) and asked == [0, 3, 6]
    assert [batch.tolist() for batch in found] == [images[6:9].tolist(), images[9:].tolist()]
    assert list(streaming.read_ahead(images, iter(()), CPU)) == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_that_are_copied_beside_the_work_have_come_when_it_begins():
    images, order = torch.arange(2**22).view(64, -1), torch.arange(64).split(8)
    busy = torch.rand(4096, 4096, device="cuda")
    for rows, batch in zip(order, streaming.read_ahead(images, order, torch.device("cuda")), strict=True):
        busy @ busy
        assert torch.equal(batch.cpu(), images[rows])


def test_a_batch_that_cannot_be_read_is_an_error_where_it_is_wanted():
    found = streaming.read_ahead(torch.zeros(3), iter([torch.tensor([0]), torch.tensor([9])]), CPU)
    assert next(found).tolist() == [0]
    with pytest.raises(IndexError):
        next(found)


def test_a_container_has_no_more_memory_than_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_CGROUP", tmp_path / "memory.max")
    machine = streaming.room(CPU)
    assert machine > 2**27
    for words, expected in (("max\n", machine), (f"{2**26}\n", 2**25)):
        (tmp_path / "memory.max").write_text(words)
        assert streaming.room(CPU) == expected


# -------------------------------------------------------------------------------------------- what has a row per image


@pytest.mark.attack("twice the images, and twice the epochs", "ledger and history take twice the memory, to the byte")
def test_history_grows_in_proportion():
    method = SCN(relabel_epoch=1, margin_relabel=0.0)

    def sizes(n, epochs):
        faces = make_faces(n, size=32, noise=0.25)
        config = profile_config("smoke", method="scn")
        config = dataclasses.replace(config, method=method, epochs=epochs, size=32)
        training = Training(config, faces, {}, CPU, FLOAT32)
        for _ in range(epochs):
            training.train_epoch()
        state = training.state()
        changes = sum(len(change.sample) for change in training.ledger.changes)
        assert state["ledger.changes"].nbytes == 4 * 8 * changes <= 4 * 8 * n * epochs
        return sum(state[name].nbytes for name in ("alpha", "predictions", "label_history"))

    assert sizes(64, 2) == 64 * 2 * (4 + 1 + 1)
    assert sizes(128, 2) == sizes(64, 4) == 2 * sizes(64, 2)


@pytest.mark.attack(
    "samples for AffectNet's size, in miniature", "every step of the measurement runs; scn bench has 300,000"
)
@pytest.mark.parametrize("step", load.STEPS)
def test_every_step_of_the_measurement_runs(step):
    found = load.run(step, 600)
    assert list(found) == ["s", "MiB of its own at most"] and found["s"] > 0


def test_own_memory_is_what_no_file_holds(tmp_path):
    before = load.own_memory()
    with load._Watch() as watch:
        private = mmap.mmap(-1, 64 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        torch.frombuffer(private, dtype=torch.uint8).fill_(1)
    private.close()
    assert 60 < watch.most - before < 80
    path = tmp_path / "large"
    path.write_bytes(bytes(64 * 2**20))
    with path.open("rb") as file, load._Watch() as watch:
        mapped = torch.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), dtype=torch.uint8)
        assert not mapped.any()
    assert watch.most - before < 20


def test_the_baseline_needs_no_history_of_alpha():
    training = Training(
        dataclasses.replace(profile_config("smoke", method="baseline"), method=Baseline()),
        make_faces(64),
        {},
        CPU,
        FLOAT32,
    )
    training.train_epoch()
    assert "alpha" not in training.state()
