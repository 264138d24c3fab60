"""``scn ...``: the commands, thin. argparse, so that they run on a machine that has nothing but torch."""

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import unicodedata
from collections.abc import Sequence

from scnlib.errors import ScnError
from scnlib.words import counted

EXAMPLES = """examples:
  scn run                                                      Self-Cure Network on rendered faces, quick profile
  scn run --method baseline --noise-rate 0.3 --seed 1          the baseline under 30 % wrong labels
  scn run --dataset ferplus --root DIR --noise-rate 0.3        real faces; data/README.md says how to get them
  scn run --set relabelling=false --set beta=0.8               options of the method
  scn run --data preset=hard --data n=2000                     options of the dataset
  scn table scn-2 --dataset rendered                           SCN's table 2, published beside measured
  scn table scn-6 --dataset rendered --run --seeds 3           train what is missing of it, then show it
  scn figure scn-fig5                                          SCN's figure 5, drawn from measured runs
  scn cost --dataset rendered --profile quick                  what the tables cost here, and what is left
  scn missing --dataset ferplus                                what is not measured yet, with commands and time
  scn methods coteaching                                       what a method does, its source and its options
  scn leaderboard --noise-rate 0.3                             every method under one recipe
  scn claims                                                   which of the papers' claims held
  scn results verify                                           measure a committed row again, by chance
  scn weights ijba_res18_naive.pth.tar                         does this checkpoint fit, and all of it?
  scn run --weights FILE --backbone resnet18 --size 224        start from it
  scn bench --quick                                            how fast it is here, a first impression
  scn predict PHOTO FOLDER --csv FILE.csv                      what a run says of faces, and what that is worth
  scn suspects RUN --root DIR --csv FILE.csv                   the labels that a finished run doubts most
  scn reproduce 04 08                                          two lessons, headlessly, and the report
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an expected mistake becomes one message on stderr and exit code 2."""
    options = _parser().parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):  # names of files may hold what this terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _refuse_nothing(options)
        with _together(options):
            code = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads through `head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ValueError, OSError, ScnError) as error:
        print(visible(f"scn: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nscn: stopped. What is finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    return code or 0


def _refuse_nothing(options: argparse.Namespace) -> None:
    """An empty word, as an unset variable of a shell leaves it, would mean the working directory."""
    for name, value in vars(options).items():
        if value == "" or (isinstance(value, list) and "" in value):
            raise ValueError(f"{name.replace('_', '-')} is empty; say what is meant, or leave it away")


def visible(text: str) -> str:
    """Text for a terminal: what would steer it, as the name of a file may hold it, is spelled out."""
    return "".join(
        c if c == "\n" or unicodedata.category(c)[0] != "C" else c.encode("unicode_escape").decode() for c in text
    )


def _together(options: argparse.Namespace) -> contextlib.AbstractContextManager:
    """The process group of ``torchrun``, where that started more than one of us; nothing else imports torch for it."""
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return contextlib.nullcontext()
    if options.command is not _run:
        raise ValueError("torchrun is for `scn run`; call this command without it")
    from scnlib.distributed import joined

    return joined()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scn",
        description="Learning with uncertain labels in facial expression recognition.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_weights(commands)
    doctor = commands.add_parser("doctor", help="versions, device, number format and why, datasets found")
    doctor.add_argument("--root", help="folder of a dataset to look at, for example FER+")
    doctor.set_defaults(command=_doctor)
    results = commands.add_parser(
        "results",
        help="add finished runs to data/results, or measure a row of it again",
        description="""scn results NAME RUN...
  Add finished runs to data/results/NAME.csv and its companions: NAME_configs.csv.xz (without which the rows cannot be
  read), curves, what their alpha knows, histograms of it, confusions. A run that is already there is replaced.
scn results verify [NAME]
  Train a row of data/results/NAME.csv again (default: a cheap one of rendered, by chance), and say whether its numbers
  are equal, within tolerance or differ, and what else does. Nothing is written. The exit code is 1 if they differ.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    results.add_argument("name", metavar="NAME", help="which table, for example ferplus; or the word verify")
    results.add_argument("runs", metavar="RUN", nargs="*", help="run directories; after verify, which table")
    results.add_argument("--root", metavar="DIR", help="the dataset's folder, where it has one")
    results.add_argument("--folder", metavar="DIR", help="of the tables; default data/results")
    results.add_argument("--cell", metavar="KEY", help="verify: the row whose key begins so")
    results.add_argument("--seed", type=int, help="verify: of the choice of a row; default another one each time")
    results.add_argument("--weights", metavar="FILE|RUN", help="verify: what the row's run starts from")
    results.add_argument("--tolerance", type=float, help="verify: points of accuracy (default 2)")
    results.set_defaults(command=_results)
    transition = commands.add_parser(
        "transition",
        help="count how FER2013's original labels disagree with FER+",
        description="Write data/results/ferplus_fer2013_transition.csv: FER+ majority against FER2013's label of the "
        "training images whose FER2013 label is known for sure.",
    )
    transition.add_argument("--root", metavar="DIR", required=True, help="folder of FER+")
    transition.set_defaults(command=_transition)
    _add_bench(commands)
    _add_data(commands)
    _add_align(commands)
    _add_webemotion(commands)
    _add_predict(commands)
    _add_suspects(commands)
    _add_table(commands)
    _add_cost(commands)
    _add_missing(commands)
    _add_figure(commands)
    _add_leaderboard(commands)
    _add_methods(commands)
    claims = commands.add_parser("claims", help="the papers' claims, one line each, with a computed verdict")
    claims.add_argument("--long", action="store_true", help="every dataset, with the numbers behind each verdict")
    claims.add_argument("--format", choices=("text", "csv"), default="text")
    claims.set_defaults(command=_claims)
    reproduce = commands.add_parser("reproduce", help="run the lessons headlessly and write the report")
    reproduce.add_argument("lessons", metavar="NN", nargs="*", help="numbers of lessons (default: all)")
    reproduce.add_argument("--profile", default="quick", help="smoke, quick (default) or paper")
    reproduce.set_defaults(command=_reproduce)
    return parser


def _add_bench(commands: argparse._SubParsersAction) -> None:
    bench = commands.add_parser(
        "bench",
        help="how fast everything is on this machine",
        description="Measure in turns, so that what disturbs the machine disturbs every arm: training beside the "
        "released recipe, what SCN and every other method cost beside the baseline, techniques one at a time, peak "
        "memory, renderer, alignment, augmentation, label noise, evaluation, start-up, large training sets, what a "
        "second core is worth. Medians, with two turns that enclose them.",
        epilog="examples:\n"
        "  scn bench --quick                            a first impression: 48 px, few short turns\n"
        "  scn bench --csv data/results/bench_cpu.csv   everything; leave the machine alone meanwhile\n"
        "  scn bench --only training --only overhead    two groups\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bench.add_argument(
        "--only",
        metavar="GROUP",
        action="append",
        default=[],
        help="machine, training, overhead, methods, techniques, memory, preparing, startup, load, scaling; may be "
        "repeated (default all)",
    )
    bench.add_argument("--quick", action="store_true", help="48 px, few short turns, no compiler")
    bench.add_argument(
        "--csv", metavar="FILE.csv", help="write the rows there, too, in place of this device's of these groups"
    )
    bench.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    bench.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> None:
    from scnlib.bench import bench
    from scnlib.bench.rows import text

    print(text(bench(options.only, quick=options.quick, device=options.device, csv=options.csv)))


def _add_table(commands: argparse._SubParsersAction) -> None:
    table = commands.add_parser(
        "table",
        help="a table of a paper: published beside measured",
        description="A table of a paper with what was measured for each of its cells: the runs of data/results and "
        "those under out/runs. With --run the missing ones are trained first.",
    )
    table.add_argument("table", metavar="TABLE", help="scn-2, scn-3, ... scn-7, scn-fig5, lrn-1, lrn-2, lrn-3")
    table.add_argument("--dataset", help="measure every column on this dataset, as a stand-in (rendered)")
    table.add_argument("--profile", help="only runs of this profile: quick or paper")
    table.add_argument("--all-recipes", action="store_true", help="also runs that differ from their profile's recipe")
    table.add_argument("--format", choices=("text", "csv", "latex", "html"), default="text")
    table.add_argument("--run", action="store_true", help="train what is missing on --dataset, then print")
    table.add_argument("--seeds", type=int, default=1, metavar="N", help="with --run: seeds 0 to N - 1 (default 1)")
    table.add_argument("--root", metavar="DIR", help="with --run: the dataset's folder")
    table.add_argument(
        "--weights", metavar="FILE", help="with --run: also what starts from MS-Celeb-1M, from this file"
    )
    _add_compile(table)
    table.set_defaults(command=_table)


def _add_cost(commands: argparse._SubParsersAction) -> None:
    cost = commands.add_parser(
        "cost",
        help="what the papers' tables cost on the machines that were measured",
        description="Runs, images and time of each table, what is measured already and what is left, on every device "
        "with a rate in data/results: of scn bench, else of finished runs. Nothing is guessed for other devices.",
    )
    cost.add_argument("tables", metavar="TABLE", nargs="*", help="scn-2, lrn-1, ... (default all)")
    cost.add_argument("--dataset", help="measured on this one as a stand-in (rendered); default the paper's own")
    cost.add_argument("--profile", default="paper", help="whose recipe: quick or paper (default)")
    cost.add_argument("--seeds", type=int, default=1, metavar="N", help="of each cell (default 1)")
    cost.add_argument("--bench", metavar="FILE", action="append", help="rates; default data/results/bench_*.csv")
    cost.set_defaults(command=_cost)


def _check_seeds(number: int) -> None:
    if number < 1:
        raise ValueError(f"--seeds must be at least 1, got {number}")


def _cost(options: argparse.Namespace) -> None:
    import pandas as pd

    from scnlib.bench.rows import read_csv, read_measured
    from scnlib.paper import cost
    from scnlib.paper.grid import GRIDS
    from scnlib.paper.results import load_results

    _check_seeds(options.seeds)
    results = load_results()
    bench = pd.concat(map(read_csv, options.bench), ignore_index=True) if options.bench else read_measured()
    asked = options.dataset, options.profile, range(options.seeds)
    runs = [run for table in options.tables or GRIDS for run in cost.work(table, *asked, results)]
    rates = cost.rates(bench, results)
    print(cost.to_text(cost.costs(runs, rates, cost.machines(rates)), runs, rates), end="")


def _add_missing(commands: argparse._SubParsersAction) -> None:
    missing = commands.add_parser(
        "missing",
        help="what is not measured yet, with its commands and its time on this machine",
        description="The runs that tables, claims and leaderboards still lack on a dataset, and how long this machine "
        "would need, from rates that were measured on it and no others.",
    )
    missing.add_argument("names", metavar="NAME", nargs="*", help="scn-5, S10, leaderboard, ... (default all)")
    missing.add_argument("--dataset", default="rendered", help="measured on this one (default rendered)")
    missing.add_argument("--profile", default="quick", help="whose recipe (default quick)")
    missing.add_argument("--seeds", type=int, default=3, metavar="N", help="that every cell shall have (default 3)")
    missing.add_argument("--root", metavar="DIR", help="the dataset's folder, for the commands")
    missing.add_argument("--commands", action="store_true", help="print the commands and nothing else")
    missing.set_defaults(command=_missing)


def _missing(options: argparse.Namespace) -> None:
    from scnlib import paper
    from scnlib.bench.rows import read_measured
    from scnlib.paper import cost
    from scnlib.paper import missing as lacking
    from scnlib.paper.measuring import everything
    from scnlib.precision import choose_device
    from scnlib.provenance import device_name

    _check_seeds(options.seeds)
    lacking.check_names(options.names)
    results, epochs, unreadable = everything()
    _left_out(unreadable)
    ledger = paper.ledger(runs=(results, epochs))
    asked = options.dataset, options.profile, range(options.seeds)
    found = lacking.missing(*asked, results, ledger)
    found = [one for one in found if not options.names or one.name in options.names]
    if options.commands:
        commands = dict.fromkeys(command for one in found for command in one.commands(*asked, options.root))
        print("\n".join(commands))
        return
    device = device_name(choose_device())
    table = lacking.costs(found, cost.rates(read_measured(), paper.load_results()), device)
    print(lacking.to_text(table, *asked, device), end="")


def _add_figure(commands: argparse._SubParsersAction) -> None:
    figure = commands.add_parser("figure", help="a table or figure of a paper, drawn from what was measured")
    figure.add_argument("figure", metavar="FIGURE", help="scn-2 (accuracy by noise), scn-5 (gains), scn-fig5 (sweeps)")
    figure.add_argument("--dataset", default="rendered", help="what was measured on (default rendered)")
    figure.add_argument("--profile", default="quick", help="only runs of this profile (default quick)")
    figure.add_argument("--out", metavar="FILE", help="SVG, PNG or PDF (default out/figures/<name>.svg)")
    figure.set_defaults(command=_figure)


def _add_leaderboard(commands: argparse._SubParsersAction) -> None:
    board = commands.add_parser(
        "leaderboard",
        help="every method under one recipe, beside the baseline",
        description="Every method that there is, with its default options, from the runs of data/results and those "
        "under out/runs: accuracy, gain over the baseline with its interval, the AUROC of its own trust, and what "
        "an epoch costs.",
    )
    board.add_argument("--dataset", default="rendered", help="what was measured on (default rendered)")
    board.add_argument("--noise-rate", type=float, default=0.3, help="share of wrong training labels (default 0.3)")
    board.add_argument("--noise-kind", default="symmetric", help="symmetric (default), pair, or fer2013 (rate 0)")
    board.add_argument("--profile", default="quick", help="whose recipe (default quick)")
    board.add_argument("--backbone", help="of the runs, instead of the profile's")
    board.add_argument("--epochs", type=int, help="of the runs, instead of the profile's")
    board.add_argument("--format", choices=("text", "csv"), default="text")
    board.set_defaults(command=_leaderboard)


def _leaderboard(options: argparse.Namespace) -> None:
    from scnlib.bench.rows import read_measured
    from scnlib.paper.leaderboard import leaderboard, leaderboard_text
    from scnlib.paper.measuring import everything

    results, _, unreadable = everything(options.profile)
    _left_out(unreadable)
    which = options.dataset, options.noise_rate, options.noise_kind, options.profile
    changed = {name: value for name in ("backbone", "epochs") if (value := getattr(options, name)) is not None}
    board = leaderboard(results, *which, bench=read_measured(), **changed)
    print(board.to_csv(index=False, lineterminator="\n") if options.format == "csv" else
          leaderboard_text(board, *which, **changed), end="")  # fmt: skip


def _add_methods(commands: argparse._SubParsersAction) -> None:
    methods = commands.add_parser(
        "methods",
        help="what each method does, whose it is, and its options",
        description="Every method with its source, what it needs, and its options with their defaults; of one, all "
        "that is known of it. No method is shown a true label or a set of clean ones. A profile sets the options that "
        "count epochs, as shares of its own.",
        epilog="examples:\n"
        "  scn methods               the list\n"
        "  scn methods coteaching    one of them at length: formula, options, differences from its source, a command\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    methods.add_argument("name", metavar="NAME", nargs="?", help="of one method (default: all, in short)")
    methods.set_defaults(command=_methods)


def _methods(options: argparse.Namespace) -> None:
    from scnlib import catalogue

    print(catalogue.overview() if options.name is None else catalogue.details(options.name))


def _add_align(commands: argparse._SubParsersAction) -> None:
    align = commands.add_parser(
        "align",
        help="find the faces of a folder of pictures and cut them out, upright and of one size",
        description="MTCNN's five points bring each face to the same place. OUT gets the folders of IN, and "
        "manifest.csv with a row for every picture: found, several, no face or unreadable. IN is only read. A second "
        "call does what is missing.",
    )
    align.add_argument("source", metavar="IN", help="folder with pictures, and folders below it")
    align.add_argument("target", metavar="OUT", help="folder for faces and manifest, outside of IN")
    align.add_argument("--size", type=int, default=224, help="side of the crops in pixels (default 224)")
    align.add_argument("--how", default="similarity", help="similarity (default, five points) or box (no turning)")
    align.add_argument("--faces", default="largest", help="largest (default) or every")
    align.add_argument("--margin", type=float, default=0.1, help="more on each side, share of the crop (default 0.1)")
    align.add_argument("--smallest", type=int, default=20, help="smallest face to look for, in pixels (default 20)")
    align.add_argument(
        "--pad",
        default="none",
        help="for pictures cropped to the face: edge or constant; reflect makes faces of its own; default none",
    )
    align.add_argument("--pad-share", type=float, default=0.5, help="how much on each side (default 0.5)")
    align.add_argument("--outside", default="edge", help="beyond the picture: edge (default), constant or reflect")
    align.add_argument("--format", default="png", help="png (default) or jpg")
    align.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    align.set_defaults(command=_align)


def _align(options: argparse.Namespace) -> None:
    from scnlib.datasets import align

    names = [field.name for field in dataclasses.fields(align.Settings)]
    settings = align.Settings(**{name: getattr(options, name) for name in names})
    manifest = align.align_folder(options.source, options.target, settings, device=options.device)
    print(f"{align.summary(manifest)}\n{options.target}/manifest.csv")


def _add_predict(commands: argparse._SubParsersAction) -> None:
    predict = commands.add_parser(
        "predict",
        help="what a run says of the faces in photographs, and what that is worth",
        description="Find every face, cut it out as the run's training faces are, and say its probabilities and, of "
        "SCN, alpha; beside each stands how often the run is right on its own test faces and on photographs. For a run "
        "of a folder, RAF-DB or AffectNet no face is looked for: its loader takes pictures whole, and so does this; "
        "give it pictures that are cut like those that it was trained on. Teaching material: an expression is not an "
        "emotion, and nothing here may decide about people.",
    )
    predict.add_argument("photos", metavar="PHOTO", nargs="*", help="pictures, or folders of pictures")
    predict.add_argument("--run", metavar="DIR", help="a finished run; default a small one that is made on first use")
    predict.add_argument(
        "--method", choices=("scn", "baseline"), default="scn", help="of the one that is made (default scn)"
    )
    predict.add_argument("--csv", metavar="FILE.csv", help="write every prediction there, a row for each face")
    predict.add_argument("--out", metavar="DIR", help="write the pictures there, with boxes and answers")
    predict.add_argument("--card", metavar="FILE.md", help="write the run's model card there, as Markdown")
    predict.set_defaults(command=_predict)
    transfer = commands.add_parser(
        "transfer",
        help="how runs do on real faces that they were not trained on: FER+'s test faces",
        description="Add to data/results/transfer_ferplus.csv, for each run, accuracy and recall of each class on "
        "FER+'s test faces, as they come and, where scn predict looks for faces, cut as it cuts them.",
    )
    transfer.add_argument("runs", metavar="RUN", nargs="+", help="run directories")
    transfer.add_argument("--root", metavar="DIR", required=True, help="folder of FER+")
    transfer.set_defaults(command=_transfer)
    export = commands.add_parser(
        "export",
        help="a run as one file: bytes in, probabilities and alpha out",
        description="Write OUT.onnx or OUT.pt2 (torch.export) for any number of faces, with the scaling of pixels "
        "inside and the class names in the metadata, once its outputs agree with the network's on rendered faces.",
    )
    export.add_argument("run", metavar="RUN", help="the directory of a finished run")
    export.add_argument("target", metavar="OUT", help="the ending decides: .onnx or .pt2")
    export.set_defaults(command=_export)


def _predict(options: argparse.Namespace) -> int:
    from scnlib import predict
    from scnlib.datasets.face_detection import Detector
    from scnlib.run_folder import open_run
    from scnlib.transfer import standing

    if not options.photos and not options.card:
        raise ValueError("name a picture, a folder of pictures, or --card FILE.md")
    files = predict.photographs(options.photos)
    if options.out:
        predict.check_apart(options.out, files)
    predict.check_file("--csv", options.csv, ".csv", files)
    predict.check_file("--card", options.card, ".md", files)
    run = predict.teaching_run(options.method) if options.run is None else open_run(options.run)
    worth = standing(run)
    print(f"{run.path}\n{worth.words()}")
    if options.card:
        from scnlib.model_card import write_card

        print(f"{write_card(run, options.card)}: model card")
    predictions = []
    predictor = predict.Predictor(run)
    detector = Detector() if files and predictor.frame else None
    if files:
        print(predict.shown(predictor.frame))
    for number, (photo, found) in enumerate(predict.predict_files(files, predictor, detector)):
        predictions += found
        for one in found:
            line = f"{one.file}: {one.words()}{f'  [{worth.short()}]' if one.probabilities else ''}"
            print(visible(line), flush=True)
        if options.out and photo is not None:
            predict.write_picture(options.out, number, photo, found, worth.short())
    if options.csv:
        predict.write_csv(options.csv, predictions, predictor.class_names, worth.own, worth.on_photographs)
    return 1 if files and not any(one.probabilities for one in predictions) else 0


def _transfer(options: argparse.Namespace) -> None:
    from scnlib import transfer
    from scnlib.run_folder import open_run

    path = transfer.measure([open_run(path) for path in options.runs], options.root)
    print(f"{path}: {counted(len(options.runs), 'run')} added or replaced")


def _export(options: argparse.Namespace) -> None:
    from scnlib import export
    from scnlib.run_folder import open_run

    done = export.export(open_run(options.run), options.target)
    print(
        f"{done.path}: images -> {', '.join(done.outputs)}\nlargest difference to the network {done.difference:.1e} on "
        f"{done.faces} rendered faces (allowed {export.TOLERANCE:g})"
    )


def _add_suspects(commands: argparse._SubParsersAction) -> None:
    suspects = commands.add_parser(
        "suspects",
        help="the training pictures of a finished run whose labels it doubts most",
        description="Names of files with the given label, the one that the run would give, alpha where the method has "
        "one, and how often the network agreed in training. First come those whose label the network answered least "
        "often; or, with --by own, what the method itself doubts: relabelled pictures, then the lowest alpha. Where "
        "labels were made wrong on purpose, the true label stands beside, and how many of the list are really wrong. A "
        "suspicion is no proof.",
        epilog="examples:\n"
        "  scn suspects out/runs/NAME                                   of rendered faces\n"
        "  scn suspects out/runs/NAME --root DIR --top 50               of your own, which lie in DIR\n"
        "  scn suspects out/runs/NAME --root DIR --by own               by what the method relabelled, and its alpha\n"
        "  scn suspects out/runs/NAME --root DIR --csv suspects.csv     all pictures, the most doubted first\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    suspects.add_argument("run", metavar="RUN", help="the directory of a finished run")
    suspects.add_argument("--root", metavar="DIR", help="the dataset's folder, where it has one")
    suspects.add_argument("--top", type=int, default=20, metavar="N", help="how many to show (default 20)")
    suspects.add_argument(
        "--by", default="answers", metavar="ORDER", help="answers (default) or own (relabelled, then the lowest alpha)"
    )
    suspects.add_argument("--csv", metavar="FILE.csv", help="write all training pictures there, in this order")
    suspects.set_defaults(command=_suspects)


def _suspects(options: argparse.Namespace) -> None:
    from pathlib import Path

    from scnlib import files, suspects
    from scnlib.results import write_table
    from scnlib.run_folder import open_run

    if options.top < 1:
        raise ValueError(f"--top must be at least 1, got {options.top}")
    if options.csv:
        files.check_target("--csv", options.csv, ".csv")
    run = open_run(options.run)
    table = suspects.suspects(run, options.root, options.by)
    print(visible(suspects.report(run, table, options.top, options.by)))
    if options.csv:
        write_table(Path(options.csv), table)
        print(options.csv)


def _add_webemotion(commands: argparse._SubParsersAction) -> None:
    web = commands.add_parser(
        "webemotion",
        help="make a WebEmotion: what to search for, and faces from videos",
        description="SCN's WebEmotion was never released; these are the two steps to one. Nothing is downloaded.",
    )
    tasks = web.add_subparsers(title="tasks", metavar="TASK", required=True)
    plan = tasks.add_parser(
        "plan",
        help="the 2,040 searches as CSV, for any downloader",
        description="One search a row: query, class, keyword, country, age, how many videos to take, and below which "
        "length. Five words and the age words are the paper's, the rest is ours.",
    )
    plan.add_argument("--out", metavar="FILE.csv", help="write it there instead of printing it")
    plan.set_defaults(command=_webemotion_plan)
    build = tasks.add_parser(
        "build",
        help="faces with their keyword's class from videos on the disk",
        description="Follow the faces in each video, keep clips in which one is seen for at least 5 seconds, and write "
        "their aligned faces. OUT gets videos.csv, clips.csv and faces.csv; IN is only read. A second call does what "
        "is missing.",
    )
    build.add_argument("source", metavar="IN", help="a folder for each keyword, or a CSV with columns file, keyword")
    build.add_argument("target", metavar="OUT", help="folder for faces and tables, outside of IN")
    build.add_argument("--size", type=int, default=112, help="side of the faces in pixels (default 112)")
    build.add_argument("--every", type=float, default=0.5, metavar="SECONDS", help="between two frames (default 0.5)")
    build.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    build.set_defaults(command=_webemotion_build)


def _webemotion_plan(options: argparse.Namespace) -> None:
    from pathlib import Path

    from scnlib import files
    from scnlib.datasets import webemotion_plan

    if options.out is None:
        print(webemotion_plan.as_csv(), end="")
    else:
        files.check_target("--out", options.out, ".csv")
        files.write(Path(options.out), webemotion_plan.as_csv())
        print(f"{options.out}: {len(webemotion_plan.queries()):,} searches")


def _webemotion_build(options: argparse.Namespace) -> None:
    from scnlib.datasets import webemotion, webemotion_build

    settings = webemotion_build.Settings(size=options.size, every=options.every)
    webemotion_build.build(options.source, options.target, settings, device=options.device)
    print(f"{webemotion.summary(options.target)}\n\n{options.target}/videos.csv")


def _add_data(commands: argparse._SubParsersAction) -> None:
    data = commands.add_parser("data", help="check a dataset on the disk")
    tasks = data.add_subparsers(title="tasks", metavar="TASK", required=True)
    check = tasks.add_parser(
        "check",
        help="counts beside the published ones, what is wrong with file and row, how to get it",
        description="Counts of each split and class beside the published ones, the first problems with file and row, "
        "pictures that stand in two splits or under two labels, how to get the dataset and under which terms. The exit "
        "code is 1 if something is wrong.",
    )
    check.add_argument("name", metavar="NAME", help="rendered, ferplus, rafdb, affectnet, webemotion or folder")
    check.add_argument("--root", metavar="DIR", help="the dataset's folder")
    check.add_argument("--data", metavar="OPTION=VALUE", action="append", default=[], help="an option of the dataset")
    check.add_argument("--lists-only", action="store_true", help="open no image: seconds instead of minutes")
    check.set_defaults(command=_data_check)
    measure = tasks.add_parser(
        "measure",
        help="count votes, near-duplicates and faces found in FER+ for lessons 01 and 02",
        description="Write ferplus_votes.csv, ferplus_vote_matrix.csv, ferplus_duplicates.csv, ferplus_faces.csv.xz "
        "and ferplus_tight_crops.csv into data/results: counts, no picture.",
    )
    measure.add_argument("--root", metavar="DIR", required=True, help="folder of FER+")
    measure.set_defaults(command=_data_measure)


def _add_run(commands: argparse._SubParsersAction) -> None:
    run = commands.add_parser(
        "run",
        help="train once, or find that it was done",
        description="Train one run. A finished one is found again, an interrupted one goes on from its last epoch.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument(
        "--profile", default="quick", help="smoke, quick (default), paper or lrn: epochs, batch, rate, size"
    )
    run.add_argument(
        "--dataset",
        default="rendered",
        help="rendered (default), ferplus, rafdb, affectnet, webemotion, rendered_web, folder, joint",
    )
    run.add_argument("--root", metavar="DIR", help="the dataset's folder")
    run.add_argument("--method", default="scn", help="scn (default), baseline, lrn, ...; scn methods has all")
    run.add_argument("--set", metavar="OPTION=VALUE", action="append", default=[], help="an option of the method")
    run.add_argument("--data", metavar="OPTION=VALUE", action="append", default=[], help="an option of the dataset")
    run.add_argument("--noise-rate", type=float, help="share of wrong training labels, 0 to 1 (default 0)")
    run.add_argument("--noise-kind", help="symmetric (default), pair, or fer2013: real noise, FER+ only")
    run.add_argument("--seed", type=int, help="of initialisation, noise, order and augmentation (default 0)")
    run.add_argument("--split", help="train (default) or train+val")
    run.add_argument("--epochs", type=int)
    run.add_argument("--batch-size", type=int, help="images of a step, of all processes together")
    run.add_argument("--lr", type=float, help="largest learning rate")
    run.add_argument("--optimizer", help="sgd (default) or adam")
    run.add_argument("--schedule", help="one_cycle, steps or exponential")
    run.add_argument(
        "--oversample", action="store_true", default=None, help="show rare classes as often as common ones"
    )
    run.add_argument(
        "--no-augmentation", action="store_true",
        help="show the same pictures in every epoch, so that they can be learnt by heart",
    )  # fmt: skip
    run.add_argument("--size", type=int, help="side of the images in pixels")
    run.add_argument("--backbone", help="resnet18, small or ir50")
    run.add_argument("--weights", metavar="FILE|RUN", help="start from this checkpoint, or from a finished run")
    run.add_argument("--normalization", help="of pixels: centred, unit, signed or imagenet; default as --weights wants")
    run.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    _add_compile(run)
    run.add_argument("--out", metavar="DIR", help="the run's directory; default out/runs/<name>-<key>")
    run.set_defaults(command=_run)


def _add_compile(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--compile", action="store_true", dest="compiled",
        help="train by torch.compile, on CUDA with CUDA graphs; default without (scn bench compares)",
    )  # fmt: skip


def _run(options: argparse.Namespace) -> None:
    from scnlib import pretrained, runs
    from scnlib.augment import STILL
    from scnlib.config import Config, profile_config
    from scnlib.distributed import rank
    from scnlib.precision import choose_device, choose_precision

    given = {field.name: getattr(options, field.name, None) for field in dataclasses.fields(Config)}
    given["data"] = _pairs("--data", options.data)
    given["augmentation"] = STILL if options.no_augmentation else None
    fields = {name: value for name, value in given.items() if value is not None}
    config = profile_config(options=_pairs("--set", options.set), **fields)
    if options.weights is not None:
        config = pretrained.start_from(config, options.weights, options.normalization)
    device = choose_device(options.device)
    print(f"device {device}, computing in {choose_precision(device)}", flush=True)
    finished = runs.run(
        config, root=options.root, out=options.out, device=options.device, weights=options.weights,
        compiled=options.compiled,
    )  # fmt: skip
    if rank() > 0:  # maybe on another machine, which does not see the files
        return
    if finished.found:
        print(f"found: this run was finished on {finished.manifest['finished']} ({finished.manifest['device']})")
    print(_summary(finished))


def _add_weights(commands: argparse._SubParsersAction) -> None:
    weights = commands.add_parser(
        "weights",
        help="what a checkpoint holds, and whether all of a backbone is in it",
        description="What was matched, missing and dropped, how its images were scaled, and a verdict. The exit code "
        "is 1 if scn run --weights would refuse it. Nothing that is in the file is run.",
    )
    weights.add_argument("weights", metavar="FILE|RUN", help="a checkpoint, or the directory of a finished run")
    weights.add_argument("--backbone", help="resnet18, small or ir50; default the one that it fits best")
    weights.add_argument("--size", type=int, help="side of the images in pixels; default one that it fits")
    weights.set_defaults(command=_weights)
    pretrain = commands.add_parser(
        "pretrain",
        help="pre-train a backbone on rendered faces: action units, pose, person",
        description="The backbone learns to read off a rendered face what the renderer knows of it, never an emotion. "
        "Start from it with scn run --weights DIR --backbone NAME.",
    )
    pretrain.add_argument("--backbone", help="resnet18 (default), small or ir50")
    pretrain.add_argument("--size", type=int, help="side of the images in pixels (default 48)")
    pretrain.add_argument("--n", type=int, help="rendered faces to train on (default 12000)")
    pretrain.add_argument("--epochs", type=int, help="default 10")
    pretrain.add_argument("--batch-size", type=int, help="default 128")
    pretrain.add_argument("--lr", type=float, help="largest learning rate (default 0.002)")
    pretrain.add_argument("--preset", help="how difficult the faces are: easy, default, medium, hard (default)")
    pretrain.add_argument("--seed", type=int, help="of faces, initialisation and order (default 0)")
    pretrain.add_argument("--device", help="cuda, mps or cpu; default the best there is")
    pretrain.add_argument("--out", metavar="DIR", help="default out/pretrained/<backbone>-<size>px-s<seed>-<key>")
    pretrain.set_defaults(command=_pretrain)


def _weights(options: argparse.Namespace) -> int:
    from scnlib.pretrained import report

    words, fits = report(options.weights, options.backbone, options.size)
    print(visible(words))
    return 0 if fits else 1


def _pretrain(options: argparse.Namespace) -> None:
    from scnlib import pretraining

    names = [field.name for field in dataclasses.fields(pretraining.Settings)]
    chosen = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    path = pretraining.pretrain(pretraining.Settings(**chosen), options.out, options.device)
    print(pretraining.summary(path))


def _pairs(flag: str, words: list[str]) -> dict[str, object]:
    """``name=value`` words; a value is JSON where it can be (0.5, true, 3), else text."""
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(f"{flag} takes OPTION=VALUE, got {word!r}")
        try:
            pairs[name] = json.loads(value)
        except (ValueError, RecursionError):  # also of JSON: a number of 5,000 digits, 5,000 brackets
            pairs[name] = value
    return pairs


def _summary(run) -> str:
    row, lines = run.row(), []
    lines.append(f"accuracy {row['accuracy']:.2f} %, mean over classes {row['mean_class_accuracy']:.2f} %")
    lines[0] += f" (test, last of {counted(row['epochs'], 'epoch')}, n = {row['n_test']:,})"
    lines += [f"{split}: {note}" for split, notes in run.manifest.get("notes", {}).items() for note in notes]
    lines += _noise_made(run)
    if row["memorised"] == row["memorised"]:  # not NaN
        lines.append(f"wrong labels memorised {row['memorised']:.1f} %, labels right now {row['label_accuracy']:.1f} %")
    if run.config.method.relabelling:
        relabelled, n = int(run.metrics["relabelled"].iloc[-1]), row["n_train"]
        lines.append(f"relabelled {relabelled:,} of {n:,} ({100 * relabelled / n:.0f} %)")
    if row["alpha_mean"] == row["alpha_mean"]:
        lines.append(f"alpha: mean {row['alpha_mean']:.3f}")
        if row["alpha_auroc"] == row["alpha_auroc"]:
            lines[-1] += f", AUROC for wrong labels {row['alpha_auroc']:.3f} (0.5 is chance)"
    lines += [f"warning: {message}" for message in run.manifest["warnings"] if message not in run.said]
    return "\n".join([*lines, str(run.path)])


def _noise_made(run) -> list[str]:
    """Of few faces no share can be made wrong exactly: a line where it is a point off, none else."""
    asked, made, n = run.config.noise_rate, run.manifest["wrong_labels"], run.manifest["n_train"]
    if not asked or abs(made / n - asked) <= 0.01:
        return []
    return [f"wrong labels: {made:,} of {n:,} ({100 * made / n:.1f} %), asked were {100 * asked:g} %"]


def _doctor(options: argparse.Namespace) -> None:
    from scnlib.doctor import report

    print(report(options.root))


def _results(options: argparse.Namespace) -> int | None:
    from pathlib import Path

    folder = None if options.folder is None else Path(options.folder)
    if options.name == "verify":
        return _verify(options, folder)
    for flag in ("cell", "seed", "weights", "tolerance"):
        if getattr(options, flag) is not None:
            raise ValueError(f"--{flag} is of `scn results verify`; adding runs takes --root and --folder")
    from scnlib import results
    from scnlib.run_folder import open_run

    if not options.runs:
        raise ValueError(f"name the directories of the runs to add to {options.name}")
    path = results.add(options.name, [open_run(path) for path in options.runs], folder, options.root)
    print(f"{path}: {counted(len(options.runs), 'run')} added or replaced")


def _verify(options: argparse.Namespace, folder: os.PathLike | None) -> int:
    import random

    from scnlib import verify

    seed = random.randrange(10**6) if options.seed is None else options.seed
    name = options.runs[0] if options.runs else "rendered"
    row = verify.choose(name, options.cell, seed, folder)
    again = f"--cell {row['key']}" if options.cell else f"--seed {seed} chooses it again"
    print(f"{verify.in_words(row)} ({again})", flush=True)
    tolerance = verify.TOLERANCE if options.tolerance is None else options.tolerance
    check = verify.repeat(row, options.root, options.weights, tolerance)
    print(check.text())
    return 1 if check.verdict == "differs" else 0


def _transition(options: argparse.Namespace) -> None:
    from scnlib.survey import measure_transition

    path, count, differ = measure_transition(options.root)
    print(f"{path}: {counted(count, 'image')}, {differ:.1%} carry another label in FER2013")


def _data_check(options: argparse.Namespace) -> int:
    from scnlib.datasets.check import check

    report = check(options.name, options.root, not options.lists_only, **_pairs("--data", options.data))
    print(visible(report.text()))
    return 0 if report.ok else 1


def _data_measure(options: argparse.Namespace) -> None:
    from scnlib.survey import measure_ferplus

    for path in measure_ferplus(options.root):
        print(path)


def _table(options: argparse.Namespace) -> None:
    from scnlib import paper
    from scnlib.paper.measuring import everything

    paper.grid(options.table)  # an unknown table is refused before anything is trained or read
    if options.run:
        _train_missing(options)
    results, _, unreadable = everything(options.profile)
    _left_out(unreadable)
    _refuse_unknown(options, results)
    table = paper.side_by_side(options.table, results, options.dataset, options.profile)
    if options.format == "csv":
        print(paper.to_csv(table), end="")
    else:
        write = {"text": paper.to_text, "latex": paper.to_latex, "html": paper.to_html}[options.format]
        print(write(table, options.all_recipes), end="")


def _refuse_unknown(options: argparse.Namespace, results) -> None:
    """Of a dataset or a profile that does not exist there is nothing to show, which would look like an answer."""
    from scnlib.config import PROFILES
    from scnlib.datasets import LOADERS
    from scnlib.options import known_words

    for name, known in (("dataset", LOADERS), ("profile", PROFILES)):
        value = getattr(options, name)
        if value is not None and value not in {*known, *results[name]}:
            raise ValueError(f"unknown {name} {value!r}; {known_words(value, known)}")


def _left_out(unreadable: list[str]) -> None:
    for line in unreadable:
        print(visible(f"left out: {line}"), file=sys.stderr)


def _train_missing(options: argparse.Namespace) -> None:
    from scnlib import runs
    from scnlib.paper import measuring
    from scnlib.pretrained import start_from

    if options.dataset is None:
        raise ValueError("--run needs --dataset: the dataset to measure on, for example rendered")
    _check_seeds(options.seeds)
    profile = options.profile or "quick"
    results = measuring.everything(profile)[0]
    asked = options.table, options.dataset, profile, range(options.seeds)
    configs = measuring.wanted(*asked, stand_ins=options.weights is None)
    chains = measuring.chains(*asked)
    started = [] if options.weights is None else measuring.wanted_from(options.weights, *asked)
    measuring.check_images((configs + started)[0], options.root, results)
    missing = [(None, config) for config in measuring.missing(configs + started, results)]
    missing += measuring.missing_chains(chains, results)
    words = f"{options.table} on {options.dataset}, {profile} profile"
    print(
        f"{words}: {len(missing)} of {counted(len(configs + started + chains), 'run')} missing",
        file=sys.stderr,
        flush=True,
    )
    bar = sys.stderr.isatty()
    for number, (before, config) in enumerate(missing, start=1):
        start = options.weights if config.pretrained else None
        if before:
            start = runs.run(before, progress=bar, compiled=options.compiled).path
            config = start_from(config, start)
        finished = runs.run(config, root=options.root, weights=start, progress=bar, compiled=options.compiled)
        accuracy = finished.row()["accuracy"]
        print(f"{number}/{len(missing)} {finished.path.name}: {accuracy:.2f} %", file=sys.stderr, flush=True)


def _figure(options: argparse.Namespace) -> None:
    from pathlib import Path

    from scnlib import figures
    from scnlib.files import check_target
    from scnlib.paper.measuring import everything
    from scnlib.paths import out_dir

    if options.out:
        check_target("--out", options.out, ".svg", ".png", ".pdf")
    results, _, unreadable = everything(options.profile)
    _left_out(unreadable)
    _refuse_unknown(options, results)
    drawing = figures.of_paper(options.figure, results, options.dataset, options.profile)
    path = Path(options.out) if options.out else out_dir() / "figures" / f"{drawing.name}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.figure.savefig(path)
    print(f"{path}\n{drawing.alt}")


def _claims(options: argparse.Namespace) -> None:
    from scnlib import paper
    from scnlib.paper.measuring import everything

    results, epochs, unreadable = everything()
    _left_out(unreadable)
    ledger = paper.ledger(runs=(results, epochs))
    if options.format == "csv":
        print(ledger.to_csv(index=False, lineterminator="\n"), end="")
        return
    origins = ", ".join(f"{count:,} {origin}" for origin, count in results["origin"].value_counts().items())
    print(f"{paper.claims_text(ledger, long=options.long)}From the runs there are: {origins or 'none'}.")


def _reproduce(options: argparse.Namespace) -> None:
    from scnlib.reproduce import reproduce

    print(reproduce(options.profile, options.lessons))
