"""``scn data check``: is what lies on the disk the dataset that the papers mean?

Counts of each split and class beside the published ones, everything that is wrong with file and row, and for those who
do not have the data yet, how to get it and under which terms.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from scnlib.datasets import affectnet, ferplus, folder, joint, loader_options, rafdb, webemotion
from scnlib.datasets.decode import decode_all
from scnlib.datasets.duplicates import same_pictures
from scnlib.datasets.listing import Listing, check_choice, names_in
from scnlib.datasets.released import flip_report, flips_as_known, released_labels
from scnlib.options import known_words, typed
from scnlib.words import counted

#: Problems that are shown; the rest is counted.
SHOWN = 10


@dataclass(frozen=True)
class SplitCheck:
    """What was found in one split.

    Attributes:
        split: its name here.
        found: class -> usable images.
        published: class -> images, None where no source states it; empty where nothing is published.
        total: all images as published, or None.
        problems: each with file and row.
        notes: what is no problem, but worth knowing.
    """

    split: str
    found: dict[str, int]
    published: dict[str, int | None]
    total: int | None
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def differences(self) -> list[str]:
        """Counts that are not the published ones."""
        wrong = [
            f"{self.split}: {counted(self.found.get(name, 0), 'image')} of {name}, published are {count:,}"
            for name, count in self.published.items()
            if count is not None and count != self.found.get(name, 0)
        ]
        here = sum(self.found.values())
        if self.total is not None and self.total != here and not wrong:
            wrong.append(f"{self.split}: {counted(here, 'image')}, published are {self.total:,}")
        return wrong


#: What each check answers: a title, its splits, and problems that belong to no split.
Found = tuple[str, list[SplitCheck], list[str]]


@dataclass(frozen=True)
class Report:
    """The whole answer; ``ok`` where nothing is wrong."""

    title: str
    splits: tuple[SplitCheck, ...]
    problems: tuple[str, ...]
    how: str

    @property
    def ok(self) -> bool:
        return not self.problems

    def text(self) -> str:
        """For a terminal."""
        lines = [self.title]
        for split in self.splits:
            lines += _table(split)
            lines += [f"  {note}" for note in split.notes]
        lines += [""] if self.splits else []
        if self.ok:
            lines.append("Nothing is wrong.")
        else:
            lines.append(f"{counted(len(self.problems), 'problem')}:")
            lines += [f"  {problem}" for problem in self.problems[:SHOWN]]
            if len(self.problems) > SHOWN:
                lines.append(f"  ... and {len(self.problems) - SHOWN:,} more")
        return "\n".join([*lines, self.how])


def check(name: str, root: Path | str | None = None, decode: bool = True, /, **options: object) -> Report:
    """Look at a dataset without training on it.

    Args:
        name: a key of ``CHECKS``.
        root: its folder.
        decode: open every image; False looks at lists and names only.
        options: those of the loader; the report says which of them decide nothing that is checked.

    Raises:
        ValueError: unknown name or option; for ``"joint"``, which is checked by its parts.
    """
    if name not in CHECKS:
        raise ValueError(f"unknown dataset {name!r}; {known_words(name, CHECKS)}")
    deciding = dict(list(inspect.signature(CHECKS[name]).parameters.items())[2:])
    known = {**deciding, **loader_options(name)}
    for option in options:
        if option not in known:
            raise ValueError(f"`scn data check {name}` has no option {option!r}; {known_words(option, known)}")
    options = {key: typed(f"dataset {name}", key, known[key].annotation, value) for key, value in options.items()}
    idle = [option for option in options if option not in deciding]
    try:
        title, splits, more = CHECKS[name](root, decode, **{key: options[key] for key in options if key in deciding})
    except (FileNotFoundError, NotADirectoryError) as error:  # what cannot be read at all is a finding, too
        return Report(name, (), (str(error),), HOW[name])
    problems = [problem for split in splits for problem in split.problems]
    title += f"\n{', '.join(idle)}: no matter here, left to `scn run`" if idle else ""
    more = [*more, *(difference for split in splits for difference in split.differences())]
    return Report(title, tuple(splits), tuple(problems + more), HOW[name])


def _rendered(root: Path | str | None, decode: bool) -> Found:
    return "Rendered faces: computed from a seed, nothing to check.", [], []


def _joint(root: Path | str | None, decode: bool, sets: str = "rafdb+affectnet") -> Found:
    parts = ", ".join(f"scn data check {name} --root {Path(root or 'DIR') / name}" for name in joint.part_names(sets))
    raise ValueError(f"joint has nothing of its own; check each part: {parts}")


def _rafdb(
    root: Path | str | None,
    decode: bool,
    images: str = "aligned",
    label_file: str | None = None,
    label_base: int | None = None,
) -> Found:
    listings = {split: rafdb.read_list(root, split, images) for split in ("train", "test")}
    seen = {split: _see(listing, decode) for split, listing in listings.items()}
    splits = []
    for number, (split, listing) in enumerate(listings.items()):
        # The list is one file: what is wrong with it is told once.
        problems = listing.problems if number == 0 else ()
        published = dict(zip(rafdb.CLASSES, rafdb.PUBLISHED[split], strict=True))
        splits.append(_split(split, listing, seen[split], published, sum(rafdb.PUBLISHED[split]), problems))
    splits[-1] = _noted(splits[-1], *_first(_copies(listings, seen)))
    where = listings["train"].root
    problems: list[str] = []
    if label_file is not None:
        names = [rafdb.list_name(one) for one in listings["train"].ids]
        other = [rafdb.list_name(one) for one in listings["test"].ids]
        true = listings["train"].labels
        try:
            released = released_labels(where / "EmoLabel" / label_file, base=label_base)
            labels = released.onto(names, true, len(rafdb.CLASSES), other, rafdb.CLASSES)
        except (ValueError, FileNotFoundError) as error:
            problems.append(str(error))
        else:
            note = flip_report(released, labels, true, rafdb.CLASSES)
            splits[0] = _noted(splits[0], note)
            problems += [] if flips_as_known(released, labels, true) else [note]
    return f"RAF-DB, basic expressions, Image/{images}, at {where}", splits, problems


def _affectnet(
    root: Path | str | None,
    decode: bool,
    num_classes: int = 8,
    release: str | None = None,
    images: str | None = None,
    crop: bool | None = None,
) -> Found:
    check_choice("affectnet", num_classes=(num_classes, (8, 7)), release=(release, (None, *affectnet.RELEASES)))
    release = release or affectnet.detect_release(root)
    listings = {
        split: affectnet.read_list(root, split, release, num_classes, images, crop) for split in affectnet.PUBLISHED
    }
    seen = {split: _see(listing, decode) for split, listing in listings.items()}
    splits = []
    for split, counts in affectnet.PUBLISHED.items():
        published = dict(zip(affectnet.CLASSES[:num_classes], counts, strict=False))
        total = None
        if split == "test" and num_classes == 8:
            total = affectnet.PUBLISHED_TEST_TOTAL[release]
        if release == "npy":
            published = dict.fromkeys(published)  # counted for the other release; this one's are stated nowhere
        splits.append(_split(split, listings[split], seen[split], published, total, listings[split].problems))
    splits[-1] = _noted(splits[-1], *_first(_copies(listings, seen)))
    return f"AffectNet, {release} release, {num_classes} classes, at {root}", splits, []


def _folder(root: Path | str | None, decode: bool, classes: object = None) -> Found:
    root = folder.checked_root(root)
    names = folder.class_order(root, classes)
    listings = {split: folder.read_list(root, split, names) for split in folder.SPLITS if (root / split).is_dir()}
    seen = {split: _see(listing, decode) for split, listing in listings.items()}
    splits = [_split(split, listing, seen[split], {}, None, listing.problems) for split, listing in listings.items()]
    problems = [] if "test" in listings else ["there is no test/: nothing to measure accuracy on"]
    problems += _copies(listings, seen)
    order = "as given" if classes else "sorted by name; give classes= for another order"
    return f"Folder {root}; classes in order ({order}): {', '.join(names)}", splits, problems


def _webemotion(root: Path | str | None, decode: bool, test_fraction: float = 0.1, test_seed: int = 0) -> Found:
    listings = {split: webemotion.read_list(root, split, test_fraction, test_seed) for split in ("train", "test")}
    seen = {split: _see(listing, decode) for split, listing in listings.items()}
    splits = [_split(split, listing, seen[split], {}, None, ()) for split, listing in listings.items()]
    splits[-1] = _noted(splits[-1], *_first(_copies(listings, seen)))
    videos = webemotion.read_table(root, webemotion.VIDEOS)
    unreadable = videos[videos["status"] == webemotion.UNREADABLE]
    problems = [
        f"{row.file} could not be read when it was looked at: it {row.reason}" for row in unreadable.itertuples()
    ]
    return f"WebEmotion at {root}, made from {webemotion.summary(root)}", splits, problems


def _ferplus(root: Path | str | None, decode: bool, votes: str | None = None) -> Found:
    check_choice("ferplus", votes=(votes, ferplus.VOTES))
    root = ferplus.checked_root(root)
    in_folders = (root / "data").is_dir()
    votes = votes or ("label.csv" if in_folders else "fer2013new.csv")
    splits = []
    for split in ferplus.FOLDERS:
        try:
            splits.append(_ferplus_split(root, split, in_folders, votes, decode))
        except ValueError as error:
            splits.append(SplitCheck(split, {}, {}, None, (str(error),)))
    return f"FER+ at {root}, votes of {votes}, majority rule", splits, []


def _ferplus_split(root: Path, split: str, in_folders: bool, votes: str, decode: bool) -> SplitCheck:
    path = root / "data" / ferplus.FOLDERS[split]
    table = ferplus.read_label_csv(path / "label.csv") if votes == "label.csv" else ferplus.read_vote_table(root, split)
    labels = ferplus.majority_labels(table.votes)
    problems: list[str] = []
    if in_folders:
        here = set(names_in(path)) if path.is_dir() else set()
        problems += [
            f"data/{path.name}/{name} is named in {votes} (image {row}) but is not there"
            for row, name in enumerate(table.names, start=1)
            if name not in here
        ]
        if decode:
            problems += [one for name in table.names if name in here for one in ferplus.image_problem(path / name)]
    elif decode:
        ferplus.load(root, split)
    counts = torch.bincount(labels[labels >= 0], minlength=len(ferplus.CLASSES)).tolist()
    before, after = ferplus.PUBLISHED_BEFORE[split], ferplus.PUBLISHED[votes][split]
    plural = int((ferplus.plurality_labels(table.votes) >= 0).sum())
    note = (
        f"{counted(len(table.names), 'image')} with votes; the papers count {before:,} rows, before any vote rule and "
        f"with those that show no face. The majority rule keeps {sum(counts):,}, the most votes alone {plural:,}."
    )
    per_class = ferplus.PUBLISHED_CLASSES if votes == "label.csv" and split == "train" else (None,) * 8
    published = dict(zip(ferplus.CLASSES, per_class, strict=True))
    return SplitCheck(
        split, dict(zip(ferplus.CLASSES, counts, strict=True)), published, after, tuple(problems), (note,)
    )


CHECKS: dict[str, Callable[..., Found]] = {
    "rendered": _rendered, "ferplus": _ferplus, "rafdb": _rafdb, "affectnet": _affectnet, "folder": _folder,
    "webemotion": _webemotion, "rendered_web": _rendered, "joint": _joint,
}  # fmt: skip

#: How to get each dataset, and its terms in our words; data/README.md says more.
HOW = {
    **dict.fromkeys(("rendered", "rendered_web"), "Terms: MIT, like the code."),
    "ferplus": (
        "How to get it: the pictures are fer2013.csv of Kaggle's FER2013 challenge, the votes fer2013new.csv of "
        "github.com/microsoft/FERPlus.\nTerms: votes MIT; the pictures under Kaggle's terms, not to be passed on."
    ),
    "rafdb": (
        "How to get it: ask its authors from the address of a university or institute (whdeng.cn/RAF/model1.html), "
        "then unpack basic/EmoLabel and basic/Image.\nTerms: non-commercial research only; not to be copied, published "
        "or passed on."
    ),
    "affectnet": (
        "How to get it: a professor or head of a laboratory signs the licence agreement and asks for it "
        "(mohammadmahoor.com/pages/databases/affectnet); students ask through their supervisor.\nTerms: research only, "
        "not to be passed on."
    ),
    "webemotion": (
        "How to get it: it was never released. `scn webemotion plan` says what to search for, `scn webemotion build IN "
        "OUT` makes one from videos that you have.\nTerms: those of each video; the pictures show people who were not "
        "asked, so keep them to yourself."
    ),
    "folder": "Your own images: train/<class>/ and test/<class>/, val/<class>/ if you have it.\nTerms: yours to know.",
}


@dataclass(frozen=True)
class Seen:
    """The images of a list of N, as they lie on the disk.

    Attributes:
        usable: bool ``(N,)``.
        small: uint8 ``(N, 3, 8, 8)``, black where an image is not usable; None where none was opened.
        problems: of those that are not.
    """

    usable: Tensor
    small: Tensor | None
    problems: tuple[str, ...]


def _see(listing: Listing, decode: bool) -> Seen:
    """A list against its images on the disk, each opened once if at all."""
    there = listing.there()
    problems = [listing.missing(row) for row in (~there).nonzero().flatten().tolist()]
    if not decode:
        return Seen(there, None, tuple(problems))
    rows = there.nonzero().flatten()
    files = [listing.root / listing.ids[row] for row in rows]
    boxes = None if listing.boxes is None else [listing.boxes[row] for row in rows]
    images, damaged = decode_all(files, 8, boxes, what=listing.title)
    small = torch.zeros(len(listing), *images.shape[1:], dtype=torch.uint8).index_copy_(0, rows, images)
    for number, reason in damaged:
        row = int(rows[number])
        there[row] = False
        problems.append(reason + ("" if listing.places[row] == listing.ids[row] else f"; {listing.places[row]}"))
    return Seen(there, small, tuple(problems))


def _split(
    split: str,
    listing: Listing,
    seen: Seen,
    published: dict[str, int | None],
    total: int | None,
    problems: tuple[str, ...],
) -> SplitCheck:
    empty = (f"{split}: no row of the class {name}" for name in listing.empty_classes())
    problems = (*problems, *seen.problems, *empty)
    return SplitCheck(split, _counts(listing, seen.usable), published, total, problems, listing.notes)


def _copies(listings: dict[str, Listing], seen: dict[str, Seen]) -> list[str]:
    """Pictures that stand in two splits or under two labels, each a sentence with its files; of those opened."""
    opened = {split: one for split, one in seen.items() if one.small is not None}
    if not opened:
        return []
    places = [(listings[split], split, row) for split, one in opened.items() for row in one.usable.nonzero().flatten()]
    files = [listing.root / listing.ids[row] for listing, _, row in places]
    boxes = [listing.boxes and listing.boxes[row] for listing, _, row in places]
    small = torch.cat([one.small[one.usable] for one in opened.values()])
    sentences = []
    for group in same_pictures(files, boxes, small):
        here = [places[number] for number in group]
        splits = dict.fromkeys(split for _, split, _ in here)
        labels = dict.fromkeys(listing.class_names[listing.labels[row]] for listing, _, row in here)
        said = [f"stands in {' and '.join(splits)}"] if len(splits) > 1 else []
        said += [f"is labelled {' and '.join(labels)}"] if len(labels) > 1 else []
        if said:
            names = [listing.ids[row] for listing, _, row in here]
            names = names[:4] + [f"and {len(names) - 4:,} more"] * (len(names) > 4)
            sentences.append(f"the same picture {' and '.join(said)}: {', '.join(names)}")
    return sentences


def _first(sentences: list[str]) -> list[str]:
    """The first few, and how many more there are."""
    more = len(sentences) - SHOWN
    return [*sentences[:SHOWN], *([f"... and {more:,} more that stand twice so"] if more > 0 else [])]


def _counts(listing: Listing, usable: Tensor) -> dict[str, int]:
    counts = torch.bincount(listing.labels[usable], minlength=len(listing.class_names)).tolist()
    return dict(zip(listing.class_names, counts, strict=True))


def _noted(split: SplitCheck, *notes: str) -> SplitCheck:
    return replace(split, notes=(*split.notes, *notes))


def _table(split: SplitCheck) -> list[str]:
    """Class by class, published beside here."""
    known = any(count is not None for count in split.published.values())
    lines = ["", f"  {split.split:12}{'published':>12}{'here':>12}"]
    for name, here in split.found.items():
        count = split.published.get(name)
        said = f"{count:,}" if count is not None else "not stated" if known else "-"
        lines.append(f"    {name:10}{said:>12}{here:>12,}{'' if count in (None, here) else '  <-'}")
    total = split.total
    here = sum(split.found.values())
    said = f"{total:,}" if total is not None else "not stated" if known else "-"
    return [*lines, f"    {'all':10}{said:>12}{here:>12,}{'' if total in (None, here) else '  <-'}"]
