"""``scn ...``: the commands, thin. argparse, so that they run on a machine that has nothing but torch."""

import argparse
import datetime
import json
import sys
from collections.abc import Sequence

from scnlib.errors import ScnError

EXAMPLES = """examples:
  scn run                                                      Self-Cure Network on rendered faces, quick profile
  scn run --method baseline --noise-rate 0.3 --seed 1          the baseline under 30 % wrong labels
  scn run --dataset ferplus --root DIR --noise-rate 0.3        real faces; data/README.md says how to get them
  scn run --set relabelling=false --set beta=0.8               options of the method
  scn run --data preset=hard --data n=2000                     options of the dataset
  scn table scn-2                                              SCN's table 2, published beside measured
  scn reproduce 04 08                                          two lessons, headlessly, and the report
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an expected mistake becomes one message on stderr and exit code 2."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (ValueError, OSError, ScnError) as error:
        print(f"scn: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nscn: stopped. Finished epochs are kept; the same command goes on from there.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scn",
        description="Learning with uncertain labels in facial expression recognition.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    doctor = commands.add_parser("doctor", help="versions, device, number format and why, datasets found")
    doctor.add_argument("--root", help="folder of a dataset to look at, for example FER+")
    doctor.set_defaults(command=_doctor)
    results = commands.add_parser(
        "results",
        help="add finished runs to data/results",
        description="Add finished runs to data/results/<NAME>.csv and their curves to <NAME>_epochs.csv; a run that is "
        "already there is replaced.",
    )
    results.add_argument("name", metavar="NAME", help="which table, for example ferplus")
    results.add_argument("runs", metavar="RUN", nargs="+", help="run directories")
    results.set_defaults(command=_results)
    transition = commands.add_parser(
        "transition",
        help="count how FER2013's original labels disagree with FER+",
        description="Write data/results/ferplus_fer2013_transition.csv: FER+ majority against FER2013's label of the "
        "training images whose FER2013 label is known for sure.",
    )
    transition.add_argument("--root", metavar="DIR", required=True, help="folder of FER+")
    transition.set_defaults(command=_transition)
    table = commands.add_parser("table", help="a table of a paper: published beside measured")
    table.add_argument("table", metavar="TABLE", help="scn-2, scn-3, ... scn-7, scn-fig5, lrn-1, lrn-2, lrn-3")
    table.add_argument("--dataset", help="measure every column on this dataset, as a stand-in (rendered)")
    table.add_argument("--profile", help="only runs of this profile")
    table.add_argument("--format", choices=("text", "csv", "latex", "html"), default="text")
    table.set_defaults(command=_table)
    claims = commands.add_parser("claims", help="the papers' claims, one line each, with a computed verdict")
    claims.set_defaults(command=_claims)
    reproduce = commands.add_parser("reproduce", help="run the lessons headlessly and write the report")
    reproduce.add_argument("lessons", metavar="NN", nargs="*", help="numbers of lessons (default: all)")
    reproduce.add_argument("--profile", default="quick", help="smoke, quick (default) or paper")
    reproduce.set_defaults(command=_reproduce)
    return parser


def _add_run(commands: argparse._SubParsersAction) -> None:
    run = commands.add_parser(
        "run",
        help="train once, or find that it was done",
        description="Train one run. A finished one is found again, an interrupted one goes on from its last epoch.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("--profile", default="quick", help="smoke, quick (default) or paper: epochs, batch, rate, size")
    run.add_argument("--dataset", default="rendered", help="rendered (default) or ferplus")
    run.add_argument("--root", metavar="DIR", help="the dataset's folder")
    run.add_argument("--method", default="scn", help="scn (default) or baseline")
    run.add_argument("--set", metavar="OPTION=VALUE", action="append", default=[], help="an option of the method")
    run.add_argument("--data", metavar="OPTION=VALUE", action="append", default=[], help="an option of the dataset")
    run.add_argument("--noise-rate", type=float, help="share of wrong training labels, 0 to 1 (default 0)")
    run.add_argument("--noise-kind", help="symmetric (default), pair, or fer2013: real noise, FER+ only")
    run.add_argument("--seed", type=int, help="of initialisation, noise, order and augmentation (default 0)")
    run.add_argument("--split", help="train (default) or train+val")
    run.add_argument("--epochs", type=int)
    run.add_argument("--batch-size", type=int)
    run.add_argument("--lr", type=float, help="largest learning rate")
    run.add_argument("--size", type=int, help="side of the images in pixels")
    run.add_argument("--backbone", help="resnet18 or small")
    run.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    run.add_argument("--out", metavar="DIR", help="the run's directory; default out/runs/<name>-<key>")
    run.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> None:
    from scnlib import runs
    from scnlib.precision import choose_device, choose_precision

    names = ("noise_rate", "noise_kind", "seed", "split", "epochs", "batch_size", "lr", "size", "backbone")
    fields = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.data:
        fields["data"] = _pairs("--data", options.data)
    config = runs.profile_config(
        options.profile,
        dataset=options.dataset,
        method=options.method,
        options=_pairs("--set", options.set),
        **fields,
    )
    device = choose_device(options.device)
    print(f"device {device}, computing in {choose_precision(device)}", flush=True)
    begun = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    finished = runs.run(config, root=options.root, out=options.out, device=options.device)
    if finished.manifest["finished"] < begun:
        print(f"found: this run was finished on {finished.manifest['finished']} ({finished.manifest['device']})")
    print(_summary(finished))


def _pairs(flag: str, words: list[str]) -> dict[str, object]:
    """``name=value`` words; a value is JSON where it can be (0.5, true, 3), else text."""
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(f"{flag} takes OPTION=VALUE, got {word!r}")
        try:
            pairs[name] = json.loads(value)
        except json.JSONDecodeError:
            pairs[name] = value
    return pairs


def _summary(run) -> str:
    row, lines = run.row(), []
    lines.append(f"accuracy {row['accuracy']:.2f} %, mean over classes {row['mean_class_accuracy']:.2f} %")
    lines[0] += f" (test, last of {row['epochs']} epochs, n = {row['n_test']:,})"
    if row["memorised"] == row["memorised"]:  # not NaN
        lines.append(f"wrong labels memorised {row['memorised']:.1f} %, labels right now {row['label_accuracy']:.1f} %")
    if row["alpha_mean"] == row["alpha_mean"]:
        lines.append(f"alpha: mean {row['alpha_mean']:.3f}")
        if row["alpha_auroc"] == row["alpha_auroc"]:
            lines[-1] += f", AUROC for wrong labels {row['alpha_auroc']:.3f} (0.5 is chance)"
    return "\n".join([*lines, str(run.path)])


def _doctor(options: argparse.Namespace) -> None:
    from scnlib.doctor import report

    print(report(options.root))


def _results(options: argparse.Namespace) -> None:
    from scnlib import results, runs

    path = results.add(options.name, [runs.open_run(path) for path in options.runs])
    print(f"{path}: {len(options.runs)} runs added or replaced")


def _transition(options: argparse.Namespace) -> None:
    from scnlib import results
    from scnlib.datasets import load_dataset
    from scnlib.paths import results_dir

    faces = load_dataset("ferplus", options.root, labels="fer2013")
    path = results_dir() / "ferplus_fer2013_transition.csv"
    results.write_table(path, results.transition(faces.labels.numpy(), faces.true_labels.numpy(), faces.class_names))
    wrong = (faces.labels != faces.true_labels).float().mean()
    print(f"{path}: {len(faces):,} images, {wrong:.1%} carry another label in FER2013")


def _table(options: argparse.Namespace) -> None:
    from scnlib import paper

    table = paper.side_by_side(options.table, paper.load_results(), options.dataset, options.profile)
    formats = {"text": paper.to_text, "csv": paper.to_csv, "latex": paper.to_latex, "html": paper.to_html}
    print(formats[options.format](table))


def _claims(options: argparse.Namespace) -> None:
    from scnlib import paper

    print(paper.claims_text(paper.claims_table(paper.add_curves(paper.load_results(), paper.load_epochs()))))


def _reproduce(options: argparse.Namespace) -> None:
    from scnlib.reproduce import reproduce

    print(reproduce(options.profile, options.lessons))
