"""Every command with words that mean nothing: one message that names them, an exit code, and nothing has changed."""

import pytest

from tests.robustness.bad import answer, make_world, tree

RAF = ["run", "--dataset", "rafdb", "--root", "W/raf"]
AFFECT = ["run", "--dataset", "affectnet", "--root", "W/affect"]
FOLDER = ["run", "--dataset", "folder", "--root", "W/folder"]
HUGE, LONG = "9" * 400, "x" * 5000

#: (tried, what happens) -> words of a call, W standing for the folder of the world, and what the message says.
CALLS: dict[tuple[str, str], list[tuple[list[str], str]]] = {
    ("numbers that are none: NaN, infinity, 1e999", "refused by the option's name before anything is read"): [
        (["run", "--lr", "nan"], "a run: lr must be a finite number, got nan"),
        (["run", "--lr", "inf"], "a run: lr must be a finite number, got inf"),
        (["run", "--lr=-inf"], "a run: lr must be a finite number, got -inf"),
        (["run", "--noise-rate", "inf"], "a run: noise_rate must be a finite number, got inf"),
        (["run", "--set", "gamma=nan"], "gamma must be a number, got 'nan'"),
        (["run", "--set", "gamma=NaN"], "gamma must be a finite number, got nan"),
        (["run", "--method", "elr", "--set", "strength=Infinity"], "strength must be a finite number, got inf"),
        (["run", "--method", "sce", "--set", "log_zero=-Infinity"], "log_zero must be a finite number, got -inf"),
        (["run", "--method", "mixup", "--set", "concentration=1e999"], "concentration must be a finite number"),
        (["run", "--set", f"beta={HUGE}"], "beta must be a finite number, got inf"),
        ([*RAF, "--data", "val_fraction=NaN"], "val_fraction must be a finite number, got nan"),
        (["pretrain", "--lr", "nan"], "lr must be a finite number > 0, got nan"),
        (["pretrain", "--lr", "inf"], "lr must be a finite number > 0, got inf"),
        (["leaderboard", "--noise-rate", "nan"], "a run: noise_rate must be a finite number, got nan"),
        (["results", "verify", "rendered", "--tolerance", "nan"], "tolerance must be a finite number of points"),
        (["align", "W/photos", "W/new", "--margin", "nan"], "margin must be in -0.4..4, got nan"),
        (["webemotion", "build", "W/list.csv", "W/new", "--every", "nan"], "every must be in 0.04..2, got nan"),
    ],
    ("seeds out of range: -1, 2^31, 2^64, 1e20, text", "refused by the option's name"): [
        (["run", "--seed", "-1"], "seed must lie in 0..2147483647, got -1"),
        (["run", "--seed", str(2**31)], "seed must lie in 0..2147483647, got 2147483648"),
        (["run", "--seed", str(2**64)], "a run: seed must be a whole number of at most 63 bits, got one of 65"),
        (["run", "--seed", "1e20"], "argument --seed: invalid int value: '1e20'"),
        (["run", "--data", "seed=0.5"], "dataset rendered: seed must be a whole number, got 0.5"),
        ([*RAF, "--data", "val_fraction=0.2", "--data", "val_seed=x"], "val_seed must be a whole number, got 'x'"),
        (["pretrain", "--seed", "-1"], "seed must be in 0..2147483647, got -1"),
        (["pretrain", "--seed", str(2**64)], "seed must be in 0..2147483647"),
        (["results", "verify", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
    ],
    ("sizes and counts of 0, below 0, and beyond all memory", "refused by the option's name; nothing is rendered"): [
        (["run", "--epochs", "0"], "epochs must lie in 1..2147483647, got 0"),
        (["run", "--epochs", "-3"], "epochs must lie in 1..2147483647, got -3"),
        (["run", "--epochs", HUGE], "a run: epochs must be a whole number of at most 63 bits"),
        (["run", "--batch-size", "0"], "batch_size must lie in 1..2147483647, got 0"),
        (["run", "--batch-size", HUGE], "a run: batch_size must be a whole number of at most 63 bits"),
        (["run", "--size", "0"], "size must lie in 1..2147483647, got 0"),
        (["run", "--size", "7"], "dataset rendered: size must be in 8..2048 pixels, got 7"),
        ([*RAF, "--size", "100000"], "dataset rafdb: size must be in 8..2048 pixels, got 100000"),
        (["run", "--data", "n=0"], "n must be a whole number >= 1, got 0"),
        (["run", "--data", "n=1000000000000"], "n must be at most 10,000,000, got 1,000,000,000,000"),
        (["pretrain", "--n", "1"], "n must be in 2..10000000, got 1"),
        (["pretrain", "--batch-size", "0"], "batch_size must be in 2..2147483647, got 0"),
        (["pretrain", "--epochs", "-1"], "epochs must be in 1..2147483647, got -1"),
        (["pretrain", "--size", "7"], "size must be in 32..224, got 7"),
        (["align", "W/photos", "W/new", "--size", "0"], "size must be in 8..2048, got 0"),
        (["align", "W/photos", "W/new", "--smallest", "-5"], "smallest must be in 6..2048, got -5"),
        (["webemotion", "build", "W/list.csv", "W/new", "--size", "0"], "size must be in 32..512, got 0"),
        (["weights", "W/run", "--size", "0"], "--size must be a whole number >= 1, got 0"),
        (["table", "scn-2", "--run", "--dataset", "rendered", "--seeds", "-1"], "--seeds must be at least 1, got -1"),
        (["cost", "--seeds", "0"], "--seeds must be at least 1, got 0"),
    ],
    ("options of the wrong type", "refused by the option's name, with what it should be"): [
        (["run", "--epochs", "ten"], "argument --epochs: invalid int value: 'ten'"),
        (["run", "--epochs", "1.5"], "argument --epochs: invalid int value: '1.5'"),
        (["run", "--lr", "0,05"], "argument --lr: invalid float value: '0,05'"),
        (["run", "--set", "relabelling=yes"], "relabelling must be true or false, got 'yes'"),
        (["run", "--set", "beta=[0.5]"], "beta must be a number, got [0.5]"),
        (["run", "--set", "beta={}"], "beta must be a number, got {}"),
        (["run", "--set", "beta=true"], "beta must be a number, got True"),
        (["run", "--set", "relabel_epoch=1e2"], "relabel_epoch must be a whole number, got 100.0"),
        (["run", "--set", "beta=" + "9" * 5000], "beta must be a number, got '999"),
        (["run", "--set", "beta=" + "[" * 5000], "beta must be a number, got '[[["),
        (["run", "--set", "=0.5"], "--set takes OPTION=VALUE, got '=0.5'"),
        (["run", "--data", 'n="12"'], "n must be a whole number, got '12'"),
        (["run", "--data", "n=true"], "n must be a whole number, got True"),
        (["run", "--data", "preset=[1]"], "preset must be text, got [1]"),
        (["run", "--data", "root=W/raf"], "data option 'root' is decided by root, not by data"),
        ([*RAF, "--data", "images=5"], "dataset rafdb: images must be text, got 5"),
        ([*RAF, "--data", "allow_missing=1"], "allow_missing must be true or false, got 1"),
        (
            [*RAF, "--data", "label_file=a.txt", "--data", "label_base=1.0"],
            "label_base must be a whole number, got 1.0",
        ),
        ([*AFFECT, "--data", "num_classes=8.0"], "num_classes must be a whole number, got 8.0"),
        (["run", "--dataset", "joint", "--root", "W", "--data", "sets=5"], "dataset joint: sets must be text, got 5"),
        ([*FOLDER, "--data", "classes=5"], "classes must be names of folders, as anger,fear; got 5"),
        (["data", "check", "rafdb", "--root", "W/raf", "--data", "images=5"], "images must be text, got 5"),
        (["data", "check", "rafdb", "--root", "W/raf", "--data", "root=x"], "has no option 'root'; known: images"),
        (["data", "check", "rafdb", "--root", "W/raf", "--data", "decode=0"], "has no option 'decode'; known: images"),
        (["data", "check", "ferplus", "--root", "W", "--data", "votes=mine.csv"], "votes='mine.csv' is unknown; known"),
        (["data", "check", "affectnet", "--root", "W/affect", "--data", "num_classes=9"], "num_classes=9 is unknown"),
    ],
    ("names that nothing has", "refused, with the names that there are; no run begins"): [
        (["run", "--backbone", "vgg"], "unknown backbone 'vgg'; known: resnet18, small, ir50"),
        (["run", "--optimizer", "lion"], "optimizer='lion' is unknown; known: 'sgd', 'adam'"),
        (["run", "--schedule", "never"], "schedule='never' is unknown; known: 'one_cycle'"),
        (["run", "--split", "all"], "split='all' is unknown; known: 'train', 'train+val'"),
        (["run", "--noise-kind", "odd"], "noise_kind='odd' is unknown; known: 'symmetric'"),
        (["run", "--device", "cpu:x"], "device 'cpu:x' is not usable here"),
        (["pretrain", "--preset", "brutal"], "unknown preset 'brutal'; known: easy, default"),
        (["table", "scn-2", "--dataset", "imagenet"], "unknown dataset 'imagenet'; known: rendered, ferplus"),
        (["table", "scn-2", "--profile", "slow"], "unknown profile 'slow'; known: smoke, quick, paper"),
        (["figure", "scn-2", "--dataset", "imagenet"], "unknown dataset 'imagenet'; known: rendered, ferplus"),
        (["figure", "scn-2", "--profile", "slow"], "unknown profile 'slow'; known: smoke, quick, paper"),
        (["leaderboard", "--dataset", "imagenet"], "unknown dataset 'imagenet'; known: rendered, ferplus"),
        (["leaderboard", "--profile", "slow"], "unknown profile 'slow'; known: smoke, quick, paper"),
        (["leaderboard", "--noise-kind", "odd"], "noise_kind='odd' is unknown; known: 'symmetric'"),
        (["leaderboard", "--noise-rate", "1.5"], "noise_rate must lie in 0..1, got 1.5"),
        (["leaderboard", "--backbone", "vgg"], "unknown backbone 'vgg'; known: resnet18, small, ir50"),
        (["cost", "--dataset", "imagenet"], "unknown dataset 'imagenet'; known: rendered, ferplus"),
        (["cost", "--profile", "slow"], "unknown profile 'slow'; known: smoke, quick, paper"),
        (["cost", "scn-99"], "scn-99"),
        (["weights", "W/run", "--backbone", "vgg"], "unknown backbone 'vgg'; known: resnet18, small, ir50"),
        (["results", "verify", "nothing"], "there are no measured runs; name a table of runs such as rendered"),
        (["reproduce", "--profile", "slow"], "unknown profile 'slow'; known: smoke, quick, paper"),
        (["reproduce", "77"], "there is no lesson 77; there are 00"),
        (["dance"], "invalid choice: 'dance'"),
    ],
    ("an empty word, as an unset variable of a shell leaves it", "refused; the working directory is not meant"): [
        (["run", "--out", ""], "out is empty; say what is meant"),
        ([*RAF[:3], "--root", ""], "root is empty; say what is meant"),
        (["predict", ""], "photos is empty; say what is meant"),
        (["predict", "W/photos", "--csv", ""], "csv is empty; say what is meant"),
        (["figure", "scn-2", "--out", ""], "out is empty; say what is meant"),
        (["weights", ""], "weights is empty; say what is meant"),
        (["results", "", "W/run"], "name is empty; say what is meant"),
        (["webemotion", "plan", "--out", ""], "out is empty; say what is meant"),
        (["align", "", "W/new"], "source is empty; say what is meant"),
    ],
    ("a file where a folder should be, and a folder where a file should be", "refused by name before any work"): [
        ([*RAF[:3], "--root", "W/file.txt"], "RAF-DB at W/file.txt: there is no such folder"),
        (["predict", "W/photos", "--run", "W/run", "--out", "W/file.txt"], "--out W/file.txt is a file; name a folder"),
        (["predict", "W/photos", "--run", "W/run", "--csv", "W/empty"], "--csv W/empty is a folder; name a file"),
        (["predict", "--run", "W/run", "--card", "W/empty"], "--card W/empty is a folder; name a file"),
        (["predict", "W/photos", "--run", "W/file.txt"], "W/file.txt holds no run"),
        (["bench", "--quick", "--csv", "W/empty"], "--csv W/empty is a folder; name a file"),
        (["export", "W/run", "W/empty"], "OUT W/empty is a folder; name a file"),
        (["figure", "scn-2", "--out", "W/empty"], "--out W/empty is a folder; name a file"),
        (["align", "W/file.txt", "W/new"], "W/file.txt is no folder"),
        (["align", "W/photos", "W/file.txt"], "W/file.txt is a file; choose an empty folder"),
        (["webemotion", "build", "W/list.csv", "W/file.txt"], "W/file.txt is a file; choose an empty folder"),
        (["webemotion", "build", "W/empty", "W/new"], "W/empty names no video"),
        (["webemotion", "plan", "--out", "W/empty"], "--out W/empty is a folder; name a file"),
        (["weights", "W/empty"], "W/empty holds no finished run"),
        (["run", "--weights", "W/file.txt"], "W/file.txt is damaged, cut off, or no file of tensors"),
        (["results", "mine", "W/empty", "--folder", "W/new"], "W/empty holds no run"),
        (["results", "mine", "--folder", "W/new"], "name the directories of the runs"),
        (["transfer", "W/run", "--root", "W/file.txt"], "FER+ at W/file.txt: there is no such folder"),
        (["cost", "--bench", "W/empty"], "there is no table W/empty"),
    ],
    ("an output that is one of the inputs, or a name that leads elsewhere", "refused; the input stays as it is"): [
        (["predict", "W/photos/one.png", "--run", "W/run", "--csv", "W/photos/one.png"], "is one of the photographs"),
        (
            ["predict", "W/photos", "--run", "W/run", "--card", "W/photos/../photos/one.png"],
            "is one of the photographs",
        ),
        # A picture that is no input of this call, as where the value of the option was forgotten.
        (
            ["predict", "--run", "W/run", "--card", "W/photos/one.png"],
            "one.png: the name of the file to write must end in .md",
        ),
        (["bench", "--quick", "--csv", "W/photos/one.png"], "must end in .csv"),
        (["webemotion", "plan", "--out", "W/photos/one.png"], "must end in .csv"),
        (["export", "W/run", "W/photos/one.png"], "must end in .onnx or .pt2"),
        (["figure", "scn-2", "--out", "W/new/folder"], "must end in .svg or .png or .pdf"),
        (["figure", "scn-2", "--out", "W/new/x.docx"], "must end in .svg or .png or .pdf"),
        (["predict", "W/photos", "--run", "W/run", "--out", "W/photos"], "choose an --out without photographs"),
        (["align", "W/photos", "W/photos/faces"], "choose an OUT outside of it"),
        (["align", "W/photos", "W/folder"], "holds files that are not from `scn align`"),
        (["results", "../evil", "W/run", "--folder", "W/empty"], "'../evil' is no name of a table"),
        (["results", "mine_epochs", "W/run", "--folder", "W/empty"], "'mine_epochs' is no name of a table"),
        (["results", "a\nb", "W/run", "--folder", "W/empty"], "is no name of a table"),
    ],
    ("folders in which nothing can be made", "one line that names the place"): [
        (["webemotion", "plan", "--out", "/proc/plan.csv"], "/proc/plan.csv"),
        (["webemotion", "build", "W/list.csv", "/proc/new"], "/proc/new"),
        (["figure", "scn-6", "--out", "/proc/new/figure.svg"], "/proc/new"),
    ],
    ("very long names of files and folders", "one line that says so"): [
        ([*RAF[:3], "--root", LONG], "File name too long"),
        (["weights", LONG], "File name too long"),
        (["predict", LONG], "File name too long"),
        (["align", LONG, "W/new"], "File name too long"),
        (["cost", "--bench", LONG], "File name too long"),
    ],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory, scn_run):
    root = make_world(tmp_path_factory.mktemp("world"), scn_run.path)
    (root / "list.csv").write_text("file,keyword\na.mp4,happy\n")
    return root


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(*call, marks=pytest.mark.attack(*attack), id=" ".join(call[0])[:60])
        for attack, calls in CALLS.items()
        for call in calls
    ],
)
def test_a_bad_call_says_what_is_wrong_and_changes_nothing(words, message, world, capsys, tmp_path):
    watched = world, tmp_path  # caches and runs of this test lie below tmp_path
    before = tree(*watched)
    code, said = answer([word.replace("W/", f"{world}/") if "W/" in word else word for word in words], capsys)
    assert code not in (0, None)
    assert message.replace("W/", f"{world}/") in said
    assert "Traceback" not in said
    assert tree(*watched) == before


@pytest.mark.attack("a run's directory that is a file, or holds something else", "refused; nothing in it is touched")
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("W/file.txt", "is a file; a run needs a directory. Choose another --out; nothing was changed."),
        ("W/photos", "is not empty and holds no run. Choose another --out; nothing was changed."),
        ("W/run", "was written with"),
        (f"W/{LONG}", "File name too long"),
    ],
)
def test_a_run_does_not_take_what_is_not_its_own(place, message, world, squares, capsys):
    before = tree(world)
    words = ["run", "--profile", "smoke", "--seed", "5", "--out", place.replace("W/", f"{world}/")]
    code, said = answer(words, capsys)
    assert code == 2 and message in said and "Traceback" not in said
    assert tree(world) == before


@pytest.mark.attack("a run's directory whose config.json is no such file", "it is named, and nothing is overwritten")
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"null"])
def test_a_damaged_config_is_not_overwritten(content, squares, capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json").write_bytes(content)
    code, said = answer(["run", "--profile", "smoke", "--out", str(tmp_path / "run")], capsys)
    assert code == 2 and f"{tmp_path}/run/config.json is damaged" in said
    assert (tmp_path / "run/config.json").read_bytes() == content
