# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The datasets: who said that this face is sad?
#
# *After this lesson you can say what each dataset of the paper holds and who labelled it, measure how far ten people agree on a
# face, find the pictures that stand in a dataset twice, and check your own copy before you train on it.*
#
# | | |
# |---|---|
# | **You will** | compare class balances · mix up two label orders on purpose · read 313,729 votes · plant copies and find them · break a dataset and have it checked |
# | **You need** | lesson 00 |
# | **Time** | 30 minutes to read, 1 minute to run (`quick`, 2 CPU cores; nothing is trained) |
# | **Data** | rendered faces; published counts; counts of FER+ that come with the project |
# | **Paper** | SCN section 4.1 and table 1 |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0

# %%
from scnlib.course import start

ctx = start("02_datasets", profile=profile, seed=seed)

# %% [markdown]
# ## Four datasets, four kinds of label
#
# SCN is measured on three datasets. A fourth, WebEmotion, is pretrained on in one experiment (table 3); everywhere else pretraining
# means MS-Celeb-1M, portraits with names. The sizes are what SCN and LRN print, and an empty cell is printed nowhere; who labelled
# is what the datasets' own papers say. (AffectNet's sizes stand in LRN, rounded: the classes below add up to more; its
# "test" set is the official validation set, since the real test set was never given out. *FERPlus* is FER+ in the papers' spelling.
# WebEmotion's number counts clips of videos, not pictures.)

# %%
from scnlib.course import datasets

table = datasets.dataset_table()
table.style.format(thousands=",", na_rep="")

# %% [markdown]
# Look at the column *who labelled*. Forty people, ten people, one person, nobody. All are used as the truth when a network is trained
# or scored.
#
# No picture of a person is in this project. Where a face is shown, it is **rendered**: computed from a few numbers that we
# know, expression among them.

# %%
from scnlib import plots
from scnlib.faces.sheets import class_sheet

images, names = class_sheet(people=3, seed=11)
ctx.save(plots.face_grid(images, names, columns=8, title="Eight expressions, three people",
                         note="rendered, full intensity; FER+'s eight classes, of which RAF-DB lacks contempt"),
         "classes",
         alt="Three rendered people in rows, each showing neutral, happiness, surprise, sadness, anger, disgust, fear "
             "and contempt.")

# %% [markdown]
# Those are the textbook versions. A dataset "in the wild" shows faces like these:

# %%
faces = ctx.faces("train")
first = [int((faces.labels == c).nonzero()[k]) for k in range(2) for c in range(faces.num_classes)]
ctx.save(plots.face_grid(faces.images[first], [faces.class_names[faces.labels[i]] for i in first],
                         columns=faces.num_classes, title="The same classes, as they come",
                         note="the first two training faces of each class"), "in_the_wild",
         alt="Two faces of each class as training sees them: turned, dark, blurred, partly covered, with faint or "
             "mixed expressions.")

# %% [markdown]
# ## Some expressions are commoner than others
#
# **Predict:** which class is the largest in each dataset, and how many times larger than the smallest?

# %%
from scnlib.faces import CLASSES

balance = datasets.published_classes("train") | {"rendered": faces.class_counts()}
figure = plots.class_shares(balance, CLASSES, title="Training images of each class; above: largest to smallest",
                            note=", ".join(f"{name} n = {sum(part.values()):,}" for name, part in balance.items())
                            + "; FER+ after the majority vote. Contempt: no class of RAF-DB; AffectNet's count is in "
                              "no source that we could check")
ctx.save(figure, "balance",
         alt="Bars for RAF-DB, AffectNet, FER+ and rendered faces: the share of each class in the training set. In the "
             "three real ones happiness or neutral leads, and disgust, fear and contempt are rare; the rendered ones "
             "have about as many of each class.")
origins = {"rendered": "measured here", "FER+": "our count of its votes, by the majority rule"}
for name, part in balance.items():
    large, small = max(part, key=part.get), min(part, key=part.get)
    ctx.say("**{name}**: {large} leads with {share:.0%}, and {small} has one image for every {ratio:.1f} of those.",
            name=name, large=large, small=small, share=part[large] / sum(part.values()),
            ratio=part[large] / part[small], origin=origins.get(name, "published"))

# %% [markdown]
# This is why the papers use two measures. **Predict:** a model that answers *happiness* to everything: what is its accuracy on
# RAF-DB's test set? And its *mean class accuracy*, the mean over classes of the share that is right?

# %%
import pandas as pd

tests = datasets.published_classes("test")
guesses = {name: datasets.constant_guess(part) for name, part in tests.items()}
ctx.say("The same ignorance scores {raf:.1%} on RAF-DB and {affect:.1%} on AffectNet, whose test set is balanced. A "
        "number without its measure says little.", raf=guesses["RAF-DB"]["accuracy"],
        affect=guesses["AffectNet"]["accuracy"], origin="computed from published counts")
pd.DataFrame(guesses).T.rename(columns={"name": "always says"}).style.format(
    {"accuracy": "{:.1%}", "mean_class_accuracy": "{:.1%}"})

# %% [markdown]
# AffectNet trains on unbalanced faces and is tested on balanced ones, so people show its rare classes more often. SCN's 60.23 % on
# AffectNet carries the mark *oversampling*; how it was done is not stated. Ours shows everyone once, then the rare ones again:

# %%
import torch

from scnlib.datasets.sampling import balanced_index

labels = torch.cat([torch.full((count,), c) for c, count in enumerate(balance["AffectNet"].values())])
index = balanced_index(labels, seed)
ctx.say("AffectNet without contempt: {before:,} samples an epoch become {after:,}, {times:.1f} times as many; a face "
        "of {small} is then seen {seen:.0f} times as often as one of {large}.", before=len(labels), after=len(index),
        times=len(index) / len(labels), small=min(balance["AffectNet"], key=balance["AffectNet"].get),
        large=max(balance["AffectNet"], key=balance["AffectNet"].get),
        seen=max(balance["AffectNet"].values()) / min(balance["AffectNet"].values()),
        origin="computed from published counts")

# %% [markdown]
# ## What does "3" mean?
#
# A label file holds numbers. Here is what they stand for.

# %%
datasets.label_numbers()

# %% [markdown]
# **Predict:** someone trains on RAF-DB and AffectNet together (SCN's best result on RAF-DB does), takes 1 from RAF-DB's numbers so that they
# begin at 0, leaves out contempt, and forgets that the orders differ. For how many of AffectNet's faces is the label wrong?

# %%
from scnlib.datasets import affectnet, rafdb
from scnlib.datasets.classes import map_labels

by_name = map_labels(labels, affectnet.CLASSES, rafdb.CLASSES)
mixed_up = float((by_name != labels).float().mean())
ctx.say("**{share:.1%}** of {n:,} labels: and no program would complain, since every number is a valid class.",
        share=mixed_up, n=len(labels), origin="computed from published counts")

# %% [markdown]
# That is more label noise than any experiment in the paper. So this project matches classes by **name**, in one function that all
# loaders use, and refuses a label file of others until you say whether it counts from 0 or from 1. (SCN's released noise files count
# from 0; the loader beside them expects 1.)
#
# ## Ten people look at one face
#
# FER+ keeps every vote. Three ballots, made up, in the order of its columns (the last, NF: not a face):

# %%
from scnlib.datasets import ferplus

ballots = pd.DataFrame([[8, 0, 0, 2, 0, 0, 0, 0, 0, 0], [4, 0, 0, 3, 2, 0, 0, 0, 1, 0], [0, 5, 5, 0, 0, 0, 0, 0, 0, 0]],
                       index=["clear", "torn", "tied"], columns=ferplus.COLUMNS)
votes = torch.tensor(ballots.to_numpy())
ballots

# %% [markdown]
# **Predict:** which of the three get a label if more than half of the votes must agree? (A single vote for a column counts as
# none.)

# %%
from scnlib.uncertainty import vote_entropy

rules = {"majority": ferplus.majority_labels(votes), "most votes": ferplus.plurality_labels(votes)}
verdicts = pd.DataFrame({rule: [CLASSES[i] if i >= 0 else "none" for i in given] for rule, given in rules.items()},
                        index=ballots.index)
verdicts.assign(**{"disagreement, bits": vote_entropy(votes[:, :8]).round(decimals=2).numpy()})

# %% [markdown]
# Where two columns tie, "most votes" takes the one that stands first, for no better reason: hence *happiness*. The last column is
# the **entropy** of the votes over the emotions: 0 bits if all agree, 1 bit for a coin toss between two classes, 3 bits if all eight
# are equally likely. It is the closest thing to a measured uncertainty that any dataset of the paper has. SCN gives every face an
# *importance* $\alpha$ (lesson 05), and lesson 15 asks whether that knows it.

# %%
counted = ctx.results("ferplus_votes")
spread = datasets.disagreement(counted, "train")
voted = spread.sum(axis=1)
lost = voted[datasets.NO_MAJORITY] / voted.sum()
ctx.say("Of {n:,} training images with votes for an emotion, the majority rule gives **{lost:.1%}** no label: they "
        "are not trained on at all.", n=int(voted.sum()), lost=float(lost), origin="measured at full scale")

# %% [markdown]
# SCN reports 28,709 training images, the count *before* any vote rule, and does not say which rule it used. So the paper on
# uncertain labels may have been trained on data from which a rule had removed the most uncertain faces.
#
# **Predict:** on which class do people agree most? On which least?

# %%
figure = plots.disagreement_map(spread.to_numpy(), list(spread.index), list(spread.columns),
                                title="How far ten people agree",
                                note="FER+ training images by majority; the last row has no majority")
ctx.save(figure, "disagreement",
         alt="Heat map of disagreement in bits for each class of FER+: most happy faces have none, fear, disgust and "
             "contempt have much, and faces without a majority the most.")
unanimous = (spread[0.0] / voted).drop(datasets.NO_MAJORITY)
best, worst = unanimous.idxmax(), unanimous.idxmin()
ctx.say("All who name an emotion name the same one for {high:.0%} of the {best} faces and for {low:.0%} of the "
        "{worst} faces.", best=best, worst=worst, high=float(unanimous[best]), low=float(unanimous[worst]),
        origin="measured at full scale")

# %% [markdown]
# What do those say who disagree? One row for each majority, one column for each single vote:

# %%
from scnlib.paper.mistakes import counts_matrix

ballots_cast = ctx.results("ferplus_vote_matrix")
matrix, rows, columns = counts_matrix(ballots_cast, "class", "vote")
figure = plots.transition_matrix(matrix, rows, columns, title="Single votes under each majority",
                                 row_title="majority of ten", column_title="single vote",
                                 note=f"FER+, all splits, {int(matrix.sum()):,} votes")
ctx.save(figure, "votes",
         alt="Matrix of single votes for each majority class: votes for happiness are nearly pure, votes under fear "
             "go to surprise, those under disgust to anger, those under sadness to neutral.")

# %%
agree = {name: matrix[i, columns.index(name)] / matrix[i].sum() for i, name in enumerate(rows)}
torn = min(agree, key=agree.get)
strayed = {vote: n for vote, n in zip(columns, matrix[rows.index(torn)], strict=True) if vote != torn}
one_voice = sum(matrix[i, columns.index(name)] for i, name in enumerate(rows)) / matrix.sum()
unknown = sum(matrix[:, columns.index(name)].sum() for name in ("unknown", "NF")) / matrix.sum()
ctx.say("A single person, taken at random, does not say what the majority says on {all:.0%} of the labelled faces "
        "({unknown:.0%} name no emotion), and on {share:.0%} of those called {torn}; there the usual other word is "
        "{other}.", all=1 - one_voice, unknown=unknown, torn=torn, share=1 - agree[torn],
        other=max(strayed, key=strayed.get), origin="measured at full scale")

# %% [markdown]
# Datasets with **one** annotator, as AffectNet for most of its images, may have label noise of such a size built in, and no column that
# shows it.
#
# ## The same face twice
#
# Pictures travel: a face collected from the web may come in twice, perhaps compressed again or cropped otherwise. If one copy is
# in training and one in test, part of the test measures memory. Equal pixels are easy to find. For the rest there is a
# **fingerprint**: shrink the face to 9 x 9 and write down, for each of the 8 x 8 cells that have both neighbours, whether it gets
# darker to the right and downwards. That makes 128 bits.
#
# Plant copies among rendered faces and see which survive.

# %%
originals = faces.images[:48] if ctx.smoke else faces.images[:400]
copies = datasets.plant_copies(originals, seed)
sample = torch.stack([kind[3] for kind in copies.values()])
ctx.save(plots.face_grid(sample, list(copies), columns=7, face_width=1.4, title="One face, seven copies",
                         note="training face number 3"), "copies",
         alt="One rendered face seven times: unchanged, saved again as JPEG, brighter, grainy, shrunk and enlarged, "
             "shifted by two pixels, and mirrored.")

# %% [markdown]
# **Predict:** a fingerprint compares neighbours. Which of the seven copies will it not recognise? Will it take any stranger for
# a copy?

# %%
from scnlib.datasets.duplicates import NEAR_BITS, NEAR_LIKENESS, near_duplicates

apart = datasets.copy_distances(originals, copies) | {"nearest stranger": datasets.nearest_stranger(faces.images)}
figure = plots.copy_distances(apart, NEAR_BITS, title="What a fingerprint survives",
                              note=f"{len(originals)} rendered faces, each against its own copy; last row: "
                                   f"{len(faces):,} faces, each against the most similar other one")
ctx.save(figure, "fingerprints",
         alt="Strips of fingerprint distances: copies that are compressed, brighter, grainy or shrunk lie near zero; "
             "shifted and mirrored copies lie as far away as strangers.")
found = {kind: float((bits <= NEAR_BITS).mean()) for kind, bits in apart.items()}
missed = [kind for kind, share in found.items() if share < 0.5 and kind != "nearest stranger"]
passed = len(near_duplicates(faces.images).unique())
ctx.say("Not recognised: {missed}. And **{wrong:.2%}** of {n:,} faces have a stranger within {bits} bits. So the "
        "fingerprint only *proposes*, and the correlation of the pixels decides (at least {likeness}): {passed} of "
        "these faces still have a \"copy\" then.", missed=" and ".join(missed) or "none", n=len(faces), bits=NEAR_BITS,
        wrong=found["nearest stranger"], likeness=NEAR_LIKENESS, passed=passed, origin="measured here")

# %% [markdown]
# What passes both is a *lower bound* on the copies, since shifted and mirrored ones are missed. Now the real thing: the counts below
# were made on FER+ with the same functions; the pictures stay where they are.
#
# **Predict:** how many of FER+'s 3,137 test faces are also in its training set, pixel for pixel?
#
# In the table, *pairs* have one picture in the split *first* and one in *second*, both with a majority; *images* counts those of *second* that have a twin in
# *first* (within one split: all but the first copy). A picture with three twins makes three pairs and is one image. *near* includes *same pixels*.

# %%
twins = ctx.results("ferplus_duplicates")
twins.assign(agree=(twins["same_label"] / twins["pairs"]).map("{:.0%}".format))

# %%
from scnlib.paper import published

leak, near = (twins.query("kind == @kind and first == 'train' and second == 'test'").iloc[0]
              for kind in ("same pixels", "near"))
n_test = int(counted.query("split == 'test' and `class` != @datasets.NO_MAJORITY")["count"].sum())
ctx.say("**{same}** of {n:,} test faces ({share:.1%}) are in the training set pixel for pixel; with near-duplicates "
        "at least {near} ({near_share:.1%}).", same=int(leak["images"]), n=n_test, share=leak["images"] / n_test,
        near=int(near["images"]), near_share=near["images"] / n_test, origin="measured at full scale")
theirs, baseline = (published("scn-4", f"pretrained, {who}", "FERPlus").value for who in ("SCN", "baseline"))
ctx.say("For scale: SCN reports {theirs:.2f} % on this dataset, {gain:.2f} points above its baseline (derived from "
        "table 7 and a gain in the text).", theirs=theirs, gain=theirs - baseline, origin="published")

# %% [markdown]
# The leak can favour whoever memorises. Three baselines, as later lessons train them: on clean labels, with 30 % of them wrong, and the
# same shown the very same pictures until it knows the wrong labels by heart (lesson 09).
#
# Faces with a twin are of other classes than the rest (four in ten are surprised), so they are compared with *others* of like class:
# test faces without a twin, weighted until their classes are the same. The `n` runs of a row differ only in their random seed; `low` and
# `high` bound what other seeds would give on these faces (95 %; lesson 09 explains such intervals).
#
# **Predict:** on test faces with a twin in training, by how many points is each better than on others?

# %%
from scnlib import paper
from scnlib.config import BY_HEART
from scnlib.course import wording
from scnlib.paper import per_face

known, results = per_face.load_faces(), paper.load_results()
right = per_face.load_right(known)
trained = {"clean labels": (paper.arm("baseline"), {}), "30 % wrong": (paper.arm("baseline", 0.3), {}),
           "30 % wrong, by heart": (paper.arm("baseline", 0.3), BY_HEART)}
leaks = {name: per_face.twin_advantage(results, right, known, runs, **recipe)
         for name, (runs, recipe) in trained.items()}
wording.readable(pd.DataFrame(leaks).T.astype({"n": int})).rename_axis("FER+, accuracy in %")

# %% [markdown]
# Who says that the faces with a twin are not simply easier? Popular pictures may be clear ones. So take their twins out of the training
# set, 405 of 25,045 faces, and train again: `scn run --dataset ferplus --data twins=false`. They are no random faces, so look at the others,
# too: what these lose is the price of fewer faces.
#
# **Predict:** what does that cost on the faces that had a twin, on the others, and on all together?

# %%
from dataclasses import replace

from scnlib.paper.results import RECIPE

without = replace(paper.arm("baseline"), data={"twins": False})
cost = per_face.gains(results, right, known, {"retrained": without}, paper.arm("baseline"), alike=RECIPE)
cost, left = cost.set_index("label"), per_face.twin_advantage(results, right, known, without)
names = {"with a twin": "faces that had one", "without a twin": "the others", "all": "all faces"}
if left["n"] > 1:
    ctx.say("Without the twins: {texts} (n = {n}; 95 % intervals over seeds and faces).", n=left["n"], texts="; ".join(
        f"{name} **{wording.gain(*cost.loc[kind, ['effect', 'low', 'high']])}** points"
        for kind, name in names.items()), origin="measured at full scale")
    weighted = -cost.loc["with a twin", "effect"] * cost.loc["with a twin", "faces"] / n_test
    ctx.say("Weighted by their number, what is lost on the faces that had a twin is **{weighted:.1f}** points of the "
            "accuracy on all: far below what so few seeds can see there.", weighted=weighted,
            origin="measured at full scale")
    ctx.say("And they still stand {ahead} points above others of like class.", origin="measured at full scale",
            ahead=wording.gain(left["ahead"], left["low"], left["high"]))

# %% [markdown]
# So the leak is real and small, and most of the advantage is something else: these faces are easier, or have copies that our search misses.
# Annotators agree more on them, too, which explains a part.
#
# The twins are also a gift. The same pixels were put before annotators **twice**, and two juries of ten voted apart. Suppose that a
# jury finds what "people in general" would say of a face with chance $q$, and that two juries err independently. They agree at
# least when both are right. Over faces of all difficulties that is $\mathbb{E}[q^2]$ of the time, which is never less than
# $(\mathbb{E}\,q)^2$; and juries that agree on the same mistake only add to it. So the root of their agreement is an upper bound of $q$'s mean.
#
# **Predict:** how often do the two majorities agree?

# %%
same = twins[twins["kind"] == "same pixels"][["pairs", "same_label", "same_votes"]].sum()
limit = (same["same_label"] / same["pairs"]) ** 0.5
ctx.say("In {n:,} pairs of the very same picture, both of which got a majority label, the labels agree in "
        "**{agree:.1%}** of the cases; the ballots are the same in only {votes:.0%}, so they were cast apart. Hence "
        "$q$ is on average at most about **{q:.1%}**, and on such labels nobody who does not know this very jury can "
        "be right more often.", n=int(same["pairs"]), agree=same["same_label"] / same["pairs"],
        votes=same["same_votes"] / same["pairs"], q=limit, origin="measured at full scale")

# %% [markdown]
# ## WebEmotion: a dataset without annotators
#
# SCN's authors collected videos by searching for words, and took the word as the label. It was announced and never released, and
# its statistics (table 1) are legible in none of our sources. What the text says: 40 emotion words, 45 countries, 6 age words, the top 20 videos of
# each search, around 41,000 videos. How the words were combined it does not say.
#
# **Predict:** word x country x age, or word x (country *or* age): which gives 41,000?

# %%
from scnlib.paper.settings import setting

words, countries, ages, top, videos = (setting("scn", f"WebEmotion {name}").value for name in (
    "emotion words", "countries", "age words", "videos for each search", "videos"))
readings = {"word x country x age": words * countries * len(ages) * top,
            "word x (country or age)": words * (countries + len(ages)) * top}
ctx.say("All three together: up to {first:,} videos; an emotion word with one country *or* one age word: up to "
        "**{second:,}**. The paper has about {videos:,}.", first=readings["word x country x age"],
        second=readings["word x (country or age)"], videos=videos, origin="published")

# %% [markdown]
# So the second reading fits, though the paper does not state it. Lesson 10 renders a stand-in with the same kind of noise: a keyword
# that describes what somebody wanted to find, not what the face shows.
#
# ## Check before you train
#
# A half-unpacked archive trains just as well as a whole one, only to another number. So every dataset has a check. Here it
# meets a small folder of rendered faces in which we emptied one file, cut another in half, and took a class out of the test set.

# %%
few = faces.select(torch.cat([(faces.labels == c).nonzero().flatten()[:6] for c in range(faces.num_classes)]))
report = datasets.faulty_folder_report(few, seed)
print(report)

# %% [markdown]
# On your machine it is `scn data check rafdb --root DIR` (or `affectnet`, `ferplus`, `folder`). It counts each class beside the published numbers,
# names the first problems with file and row, ends with exit code 1 if there are any, and says how to get the data and under which
# terms. Nothing is ever written into your folder, and a file that changes after it was cached is read again.
#
# ## Recap
#
# You compared the **class balances** and saw why two measures are in use. You mixed up two **label orders** and turned a whole dataset
# into noise without an error message. You read FER+'s **ballots**: how far people agree, on what they do not, and how many faces the
# majority rule throws away. You **planted copies and found them**, and read how many real test faces leak. And you broke a dataset
# and had it **checked**.
#
# ## What would change our mind
#
# - What the leak is worth was asked of clean labels and moved and turned pictures. A network that learns pictures by heart may get more from a
#   twin; `--no-augmentation --data twins=false` would say so. And taking out as many other faces of the same classes would show what their
#   number alone costs.
# - "Two juries agree" is measured on pictures that stand in the set twice. If those are easier or harder than the rest (popular pictures may be
#   clearer), the number is theirs alone.
# - Disagreement is called uncertainty here. If people who disagree saw different *parts* of a mixed expression, a distribution is the right label and
#   nobody was uncertain.
#
# ## Exercises
#
# [Exercises that check themselves, and a quiz](exercises/02_datasets.ipynb) go with this lesson. Further questions, which nobody
# checks but you:
#
# 1. Read a 1-based label file of RAF-DB as if it began at 0. Which class disappears, and which error message protects you?
# 2. Lower `NEAR_BITS` to 2 and raise it to 12. Which copies do you win or lose, and when do strangers come in?
# 3. Make a fingerprint that recognises mirrored copies. What does it cost?
# 4. The majority rule of FER+ counts single votes as none. Which faces keep their label only because of that?
#
# ## References
#
# - Wang, Peng, Yang, Lu, Qiao: *Suppressing Uncertainties for Large-Scale Facial Expression Recognition* (SCN), CVPR 2020, section 4.1.
# - Li, Deng, Du: *Reliable Crowdsourcing and Deep Locality-Preserving Learning for Expression Recognition in the Wild* (RAF-DB), CVPR 2017.
# - Barsoum, Zhang, Canton Ferrer, Zhang: *Training Deep Networks for Facial Expression Recognition with Crowd-Sourced
#   Label Distribution* (FER+), ICMI 2016.
# - Mollahosseini, Hasani, Mahoor: *AffectNet: A Database for Facial Expression, Valence, and Arousal Computing in the Wild*, IEEE Transactions
#   on Affective Computing, 2019.

# %% tags=["remove-cell"]
assert sum(balance["RAF-DB"].values()) == table.loc["RAF-DB", "train"]
assert abs(guesses["RAF-DB"]["accuracy"] - 0.386) < 0.001 and mixed_up > 0.5
assert verdicts["majority"].tolist() == ["neutral", "none", "none"]
assert 30_000 < matrix.sum() / 10 < 32_000 and 0.05 < lost < 0.2 and best == "happiness"
assert found["the same pixels"] == 1 and found["saved again as JPEG"] > 0.9
assert found["mirrored"] < 0.2 and found["shifted by 2 pixels"] < 0.2 and found["nearest stranger"] < 0.1
assert n_test == 3137 and leak["images"] <= near["images"] and 0.85 < same["same_label"] / same["pairs"] < 1
assert "is empty (0 bytes)" in report and "problems:" in report
if len(right):  # what the text says of the twins
    assert abs(known.query("twin == 1")["label"].eq(2).mean() - 0.4) < 0.05, "four in ten faces with a twin are surprised"
    assert set(results.loc[results["config"].str.contains('"twins":false'), "n_train"]) == {25_045 - 405}
    assert cost.loc["with a twin", "high"] < 0 < left["low"] and left["ahead"] > -cost.loc["with a twin", "effect"]
    assert weighted < 1
