"""A run as one file that needs no scnlib: ``scn export RUN OUT.onnx`` or ``OUT.pt2``.

What is exported is ``predict.Predictor``: bytes in, probabilities and alpha out, for any number of faces. Cutting faces
out of photographs is not in it: ``predict.cut_out`` says how they must lie, and of a run without a frame
``datasets.decode`` how pictures are taken whole. The metadata say which.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from scnlib import faces
from scnlib.errors import ScnError
from scnlib.files import check_target
from scnlib.predict import Predictor, in_grey, shown
from scnlib.run_folder import Run
from scnlib.words import counted

#: Largest difference of a probability, or of alpha, between a run's network and its export.
TOLERANCE = 1e-4

#: Numbers of faces on which both are compared: one, and another than the one that was traced.
BATCHES = (1, 7)

_TRACED = 4


@dataclass(frozen=True)
class Exported:
    """An exported run.

    Attributes:
        path: of the file.
        outputs: names, in their order.
        difference: largest one to the run's own network, over ``faces`` rendered faces.
        faces: how many.
    """

    path: Path
    outputs: tuple[str, ...]
    difference: float
    faces: int


def export(run: Run, path: Path | str) -> Exported:
    """Write a run as ONNX (``.onnx``) or with torch.export (``.pt2``), once both agree on rendered faces.

    Input ``images``: uint8 ``(N, 1 or 3, size, size)``, as the run was trained. Outputs ``probabilities`` ``(N, C)``
    and, where the method has it, ``alpha`` ``(N,)``. Class names, size, frame (null: the picture whole) and what the
    run is lie in the metadata: ``metadata_props`` of ONNX, the extra file ``scn.json`` of torch.export.

    Raises:
        ValueError: another ending, or a folder.
        ScnError: onnx, onnxscript or onnxruntime is missing; the outputs differ by more than ``TOLERANCE``.
    """
    path = Path(path)
    formats = {".onnx": (_write_onnx, _run_onnx), ".pt2": (_write_pt2, _run_pt2)}
    check_target("OUT", path, *formats)
    write, answer = formats[path.suffix.lower()]
    predictor = Predictor(run).requires_grad_(False)
    unfinished = path.with_name(f"{path.stem}.unfinished{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    images = rendered_faces(predictor, sum(BATCHES))
    with torch.no_grad():
        outputs = ("probabilities", "alpha")[: len(predictor(images[:1]))]
        write(predictor, images[:_TRACED], outputs, metadata(run, predictor), unfinished)
        difference = max(
            float((mine - theirs).abs().max())
            for part in images.split(BATCHES)
            for mine, theirs in zip(predictor(part), answer(unfinished, part), strict=True)
        )
    if not difference <= TOLERANCE:
        unfinished.unlink()
        raise ScnError(f"{path}: its outputs differ from the network's by {difference:.2g}, more than {TOLERANCE:g}")
    unfinished.replace(path)
    return Exported(path, outputs, difference, len(images))


def rendered_faces(predictor: Predictor, n: int) -> Tensor:
    """The first faces of an endless data set, uint8 ``(n, 1 or 3, size, size)``."""
    images = faces.render(faces.sample_latents(0, range(n)), predictor.size)
    return in_grey(images) if predictor.grey else images


def metadata(run: Run, predictor: Predictor) -> dict[str, str]:
    """What a user of the file must know, as text; lists are JSON."""
    accuracy = 100 * run.metrics["test_accuracy"].iloc[-1]
    return {
        "class_names": json.dumps(predictor.class_names),
        "size": str(predictor.size),
        "frame": json.dumps(predictor.frame and predictor.frame.points),
        "shown": shown(predictor.frame),
        "grey": json.dumps(predictor.grey),
        "run": run.manifest["key"],
        "trained_on": run.config.dataset,
        "method": run.config.method.name,
        "test_accuracy": f"{accuracy:.1f} % of {counted(run.manifest['n_test'], 'test face')} of {run.config.dataset}",
        "warning": "Teaching material. An expression is not an emotion; not for decisions about people.",
    }


# ----------------------------------------------------------------------------------------------------- torch.export


def _program(predictor: Predictor, images: Tensor) -> torch.export.ExportedProgram:
    return torch.export.export(predictor, (images,), dynamic_shapes=({0: torch.export.Dim("faces", min=1)},))


def _write_pt2(
    predictor: Predictor, images: Tensor, outputs: tuple[str, ...], words: dict[str, str], path: Path
) -> None:
    extra = {"scn.json": json.dumps({"outputs": outputs, **words})}
    torch.export.save(_program(predictor, images), path, extra_files=extra)


def _run_pt2(path: Path, images: Tensor) -> tuple[Tensor, ...]:
    return torch.export.load(path).module()(images)


# ------------------------------------------------------------------------------------------------------------- ONNX


def _write_onnx(
    predictor: Predictor, images: Tensor, outputs: tuple[str, ...], words: dict[str, str], path: Path
) -> None:
    onnx, _ = _onnx()
    program = torch.onnx.export(
        _program(predictor, images), input_names=["images"], output_names=list(outputs), dynamo=True, verbose=False
    )  # fmt: skip
    model = program.model_proto
    onnx.helper.set_model_props(model, words)
    onnx.save(model, path)


def _run_onnx(path: Path, images: Tensor) -> tuple[Tensor, ...]:
    session = _onnx()[1].InferenceSession(path, providers=["CPUExecutionProvider"])
    return tuple(map(torch.from_numpy, session.run(None, {"images": images.numpy()})))


def _onnx() -> tuple:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 - torch.onnx writes with it
    except ImportError as error:
        raise ScnError(f"ONNX needs packages that are not installed ({error}): pip install -e .[export]") from None
    return onnx, onnxruntime
