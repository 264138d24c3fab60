# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Preprocessing: detect, align, resize
#
# *After this lesson you can bring any face to the same place in a picture, with a formula you derived yourself, and say
# in numbers what that is worth and where detectors go wrong.*
#
# | | |
# |---|---|
# | **You will** | find a face and five points in it · derive the transform that aligns it · measure a detector against the truth · break it with tight crops · see what alignment brings to the cheapest classifier |
# | **You need** | lesson 00 |
# | **Time** | 25 minutes to read, 1 minute to run (`quick`, 2 CPU cores) |
# | **Data** | one photograph that comes with scikit-image; rendered faces with known landmarks |
# | **Paper** | SCN section 3.5 (and 2.1 for the classical features) |

# %% tags=["parameters"]
profile = "quick"  # smoke | quick | paper
seed = 0

# %%
from scnlib.course import start

ctx = start("01_preprocessing", profile=profile, seed=seed)

# %% [markdown]
# ## One sentence in the paper
#
# SCN's section 3.5 spends one sentence on it: face images are *detected and aligned by MTCNN* and *resized to 224 × 224
# pixels*. Everything else in the paper assumes that it went well. If it did not, a face is an uncertain sample before
# anybody has labelled it. So let us look at what that sentence hides: **detect**, **align**, **resize**.
#
# Here is a photograph of the astronaut Eileen Collins (NASA, public domain), as a network would get it.

# %%
import skimage.data
import torch

photo = torch.from_numpy(skimage.data.astronaut().copy()).permute(2, 0, 1)
ctx.say("{height} × {width} pixels, three colours, and no hint where the face is.", height=photo.shape[1],
        width=photo.shape[2])

# %% [markdown]
# **Predict:** which share of these pixels belongs to the face? Ten percent? Two?

# %%
from scnlib.datasets.face_detection import Detector

detector = Detector()
(face,) = detector.find(photo[None])
left, top, right, bottom = face.boxes[0].tolist()
share = (right - left) * (bottom - top) / (photo.shape[1] * photo.shape[2])
ctx.say("The box holds {share:.1%} of the picture, with probability {p:.4f}.", share=share,
        p=float(face.probabilities[0]), origin="measured here")

# %%
from scnlib import plots

figure = plots.found_faces([photo], face.boxes[None], face.points[None], columns=1, width=4.2,
                           title="One box, five points", note="scikit-image's astronaut, 512 x 512 px; MTCNN")
ctx.save(figure, "photo", alt="Photograph of an astronaut with a yellow box around her face and five crosses on eyes, "
         "nose and the corners of her mouth.")

# %% [markdown]
# **MTCNN** is three small networks in a row. *P-Net* looks at every place of the picture in every size, cheaply, and
# keeps far too much. *R-Net* looks again at what is left, and *O-Net* decides and places five points: the eyes, the tip
# of the nose, the corners of the mouth. The weights here are those of facenet-pytorch, the package the course
# installs; the loop around them is ours, and we will time it against theirs below.
#
# ## Align: from five points to one formula
#
# Say where the five points *should* be (a template). We may turn, scale and shift the picture, but not bend it: a
# **similarity**. Ten numbers from the points, four unknowns, so we want the best compromise.
#
# In the plane there is a trick. Write each point as a complex number $z = x + iy$: to turn and scale is to *multiply* by
# one complex number $c$, to shift is to *add* one, $t$. With target points $w$ we minimise
# $\sum_k |c\,z_k + t - w_k|^2$. Setting the derivative by $t$ to zero gives $t = \bar w - c\,\bar z$: the mean must land on
# the mean. With both means taken away, the derivative by $c$ gives
#
# $$c = \frac{\sum_k \overline{z_k}\, w_k}{\sum_k |z_k|^2}.$$
#
# That is all. Umeyama (1991) solves it in any number of dimensions, with a singular value decomposition; in two, it is
# these two sums.
#
# **Predict:** the astronaut's head leans a little. By how many degrees will $c$ turn her?

# %%
from scnlib.datasets.face_geometry import similarity, template

z = torch.view_as_complex(face.points[0])
w = torch.view_as_complex(template(224))
z0, w0 = z - z.mean(), w - w.mean()
c = (z0.conj() * w0).sum() / (z0.abs() ** 2).sum()
t = w.mean() - c * z.mean()
ctx.say("c turns by **{degrees:+.1f}°** and enlarges **{scale:.2f}** times.", degrees=float(torch.rad2deg(c.angle())),
        scale=float(c.abs()), origin="measured here")

# %%
matrix = similarity(face.points, template(224))[0]
by_hand = torch.tensor([[c.real, -c.imag, t.real], [c.imag, c.real, t.imag]])
agreement = float((matrix - by_hand).abs().max())
ctx.say("The library's matrix and yours differ by at most {gap:.1e}.", gap=agreement)

# %% [markdown]
# ## Resize: in the same step
#
# Turning, scaling and cutting out are one resampling: for each new pixel ask where it was in the old picture. Where a
# picture shrinks, a new pixel must *average* what it covers. Compare three crops of 112 pixels: the box alone, the
# tight template, and the template with a margin, which shows chin and forehead. They move with the expression, too.

# %%
from scnlib.datasets.align import Settings, align_images

ways = {"box": Settings(112, how="box"), "five points,\nno margin": Settings(112, margin=0.0),
        "five points,\nmargin 0.1": Settings(112), "five points,\nmargin 0.4": Settings(112, margin=0.4)}
crops = torch.cat([align_images(photo[None], detector, way)[0].crops for way in ways.values()])
figure = plots.face_grid(crops, list(ways), face_width=1.5, title="Four ways to cut out one face", note="112 x 112 px")
ctx.save(figure, "crops",
         alt="Four crops of the same face: the box is not turned; with five points the eyes are level, and a larger "
             "margin shows more around the face.")

# %% [markdown]
# ## Against the truth
#
# One photograph proves little, and nobody knows the true points to a pixel. Rendered faces have a truth: the renderer
# knows where it painted the eyes. So we put rendered heads, leaning to either side, on backgrounds without faces.

# %%
from scnlib.datasets.scenes import render_scenes

n = 4 if ctx.smoke else 24
scenes = render_scenes(seed, n)
found = [detector.find(image[None])[0] for image in scenes.images]
figure = plots.found_faces(scenes.images[:6], [f.boxes for f in found[:6]], [f.points for f in found[:6]],
                           scenes.points[:6], title="Crosses: found. Circles: true.",
                           note=f"rendered scenes, 240 x 320 px; the first six of n = {n}, seed {seed}")
ctx.save(figure, "scenes",
         alt="Six rendered heads on cloudy backgrounds, each with a box, five crosses and five circles that nearly "
             "coincide.")

# %% [markdown]
# To compare large and small faces, errors are counted in distances between the eyes: 0.1 means that a point is off by a
# tenth of that.
#
# **Predict:** how many of the faces are found, and how large is the error: 0.01, 0.05, 0.2?

# %%
import numpy as np

from scnlib.course import preprocessing
from scnlib.datasets import tight_crops

errors = tight_crops.point_errors(found, scenes.points[:, 0])
rate = float(np.isfinite(errors).mean())
ctx.say("Found: **{rate:.0%}** of {n}. Median error **{error:.3f}**, the worst {worst:.2f}.", rate=rate, n=n,
        error=np.nanmedian(errors), worst=np.nanmax(errors), origin="measured here")

# %% [markdown]
# Remember whom you ask: MTCNN was trained on photographs, and a drawing's "corner of the mouth" need not be where a
# photographer's would be. This error holds the detector's mistakes and that difference of opinion.
#
# ## What alignment does to a crowd
#
# Average all faces, once cut out by their box and once by their five points.
#
# **Predict:** where will the averages differ most?

# %%
means = []
for how in ("box", "similarity"):
    results = [align_images(image[None], detector, Settings(112, how=how, margin=0.2))[0] for image in scenes.images]
    crops = torch.cat([result.crops for result in results])
    means.append(crops.float().mean(dim=0).round().to(torch.uint8))
figure = plots.face_grid(torch.stack(means), ["by boxes", "by five points"], face_width=2.1,
                         title="The average face", note=f"mean of {len(crops)} rendered faces that were found")
ctx.save(figure, "means",
         alt="Two average faces: by boxes a blur, by five points with recognisable eyes, nose and mouth.")

# %% [markdown]
# Where the eyes agree, a network need not learn that eyes can be anywhere.
#
# ## Faces per second
#
# A data set has thousands of pictures, so speed decides whether you preprocess once or never again. We time three ways
# on the same scenes, on this machine's CPU, in three turns at each picture, of which the median counts: facenet-pytorch's MTCNN called picture by picture, our loop looking
# for *every* face, and ours looking for the *largest* one only: it asks for large faces first and for small ones only
# where there is none.
#
# Both loops run the same networks on the same pixels. **Predict:** how can one be faster?

# %%
on_cpu = Detector("cpu")
speeds = preprocessing.detection_speed(scenes.images[:4 if ctx.smoke else 12], on_cpu)
figure = plots.class_counts({"speed": speeds}, label="pictures per second", numbers=",.1f",
                            title="Finding faces on a CPU",
                            note=f"240 x 320 px, {torch.get_num_threads()} thread(s); of 3 turns at each picture the "
                                 "median")
ctx.save(figure, "speed",
         alt="Bars: pictures per second of facenet-pytorch picture by picture, of our loop for every face, and of our "
             "loop for the largest face.")

# %%
theirs, every, largest = speeds.values()
ctx.say("On this machine: **{every:.1f}** times as fast for every face, **{largest:.1f}** times for the largest.",
        every=every / theirs, largest=largest / theirs, origin="measured here")

# %% [markdown]
# Where it comes from: the pixels are stored *channels last*, in which the CPU pools several times faster; all crops for the
# second and third network are cut at once out of one table of sums, instead of one by one; and large faces need only the
# small levels of the image pyramid, while the finest level alone costs as much as all others together. What remains
# for *every* face is mostly P-Net on those fine levels, which nobody gets for less.
#
# `scn align IN OUT` does all this to a folder: it decodes on all cores, goes on where it was stopped, never touches IN, and
# writes a manifest with a row for every picture, also for those that it could not read.
#
# ## The trap: faces that are cropped already
#
# FER+ comes as faces cut out at 48 pixels, and our rendered training faces imitate that: brows to chin, nothing
# around. Detectors have learnt faces *with* something around them.
#
# **Predict:** which share of such crops will MTCNN find? And the points of those it finds: as good as above?

# %%
few = ctx.faces("test").select(torch.arange(24 if ctx.smoke else 100))
truth = preprocessing.true_points(few)
tight = tight_crops.compared(few.images, truth, detector)
tight.round(3)

# %%
plain, edge = tight.iloc[0], tight[(tight["around"] == "edge") & (tight["share"] == 0.5)].iloc[0]
ctx.say("Without anything around it MTCNN finds **{found:.0%}** of the tight crops (n = {n}). Their points: median "
        "error {plain:.3f} without padding, {edge:.3f} with the edge drawn out by half.", found=plain["found"],
        n=plain["n"], plain=plain["error"], edge=edge["error"], origin="measured here")

# %% [markdown]
# The columns `error` and `error_90` need a truth, so they stay empty for photographs. Whoever looks at the *detection
# rate* alone learns little here; look at the *points*. Three ways to put something around a face: repeat the **edge**,
# a **constant** black, or a mirror (**reflect**). Look what the mirror does in the column `several`.

# %%
pictures, boxes, points, names = preprocessing.in_four_surroundings(few.images, detector)
figure = plots.found_faces(pictures, boxes, points, captions=names, columns=4, width=1.9,
                           title="What the detector sees",
                           note="the test face that the mirror multiplies most, 48 px; 'none' stands on white for the "
                                "eye only")
ctx.save(figure, "padding",
         alt="One tightly cropped face without surroundings, with its edge repeated, on black and mirrored; boxes "
             "show what the detector takes for faces.")

# %%
mirror = tight[(tight["around"] == "reflect") & (tight["share"] == 0.5)].iloc[0]
ctx.say("Mirrored by half, **{several:.0%}** of the pictures hold several \"faces\", and the worst tenth of the "
        "points is off by more than {error:.1f} eye distances. Mirrored eyes are eyes.", several=mirror["several"],
        error=mirror["error_90"], origin="measured here")

# %% [markdown]
# And photographs? Here are FER+'s own test faces. Nobody knows where their eyes are, so the points cannot be judged, but *how many*
# are found, and how many twice, can.
#
# **Predict:** is a real crop found more often than a rendered one, or less?

# %%
real = ctx.results("ferplus_tight_crops")
real[["around", "share", "found", "several", "n"]].round(3) if len(real) else real

# %%
if len(real):
    bare, drawn = real.iloc[0], real[(real["around"] == "edge") & (real["share"] == 0.5)].iloc[0]
    best = real.loc[real["found"].idxmax()]
    ctx.say("Of FER+'s {n:,} test faces it finds **{bare:.0%}** as they are and **{drawn:.0%}** with the edge drawn "
            "out by half; most, {most:.0%}, with {around} by {share:.0%} around them, and then {several:.1%} of the "
            "pictures hold several.", n=int(bare["n"]), bare=bare["found"], drawn=drawn["found"], most=best["found"],
            around=best["around"], share=best["share"], several=best["several"], origin="measured at full scale")

# %% [markdown]
# So: pictures that are cropped to the face either need no detector (FER+ and the official crops of RAF-DB are used as they
# are), or `scn align --pad edge`.
#
# ## What is alignment worth? Ask the cheapest classifier
#
# Before networks, facial expressions were recognised from hand-made features (SCN's section 2.1 lists some). The cheapest
# baseline of this course is of that kind: **histograms of oriented gradients** (HOG: in each cell of 8 × 8 pixels, count
# which way the edges run) and a **linear support vector machine**. It has no idea that a shifted mouth is still a mouth.
# That makes it a good judge of alignment.
#
# We take rendered faces, shake them as a careless crop would (turned, moved, scaled), and align them again: by the points
# that MTCNN finds, and by the true ones.

# %%
train = ctx.faces("train").select(torch.arange(96 if ctx.smoke else 1000))
test = ctx.faces("test").select(torch.arange(48 if ctx.smoke else 500))
kinds, found_share = {"as they are": (train.images, test.images)}, {}
if train.latents:
    (a, a_points), (b, b_points) = (preprocessing.shaken(part.images, preprocessing.true_points(part), seed + number)
                                    for number, part in enumerate((train, test)))
    (a_found, _), (b_found, b_there) = (preprocessing.aligned_by_detector(images, detector) for images in (a, b))
    kinds["shaken"] = (a, b)
    kinds["shaken, aligned by MTCNN"] = (a_found, b_found)
    kinds["shaken, aligned by the truth"] = (preprocessing.aligned(a, a_points), preprocessing.aligned(b, b_points))

# %%
names = list(kinds)
rows = torch.stack([kinds[name][1][i] for name in names for i in range(6)])
figure = plots.face_grid(rows, columns=6, row_titles=names, title="The same six faces", face_width=0.95,
                         note=f"rendered test faces, 48 px, seed {seed}")
ctx.save(figure, "shaken",
         alt="Six faces in four rows: as rendered, shaken, aligned by the detector's points and by the true points.")

# %% [markdown]
# **Predict:** with eight classes of about the same size, guessing gets one in eight right. Where do the four rows stand, and
# how much of the loss does alignment win back?

# %%
right = {}
for name, (train_images, test_images) in kinds.items():
    features = preprocessing.hog(train_images), preprocessing.hog(test_images)
    right[name] = preprocessing.linear_svm(features[0], train.labels, features[1], test.labels)
accuracy = {name: float(hits.mean()) for name, hits in right.items()}
figure = plots.class_counts({"accuracy": accuracy}, label="test accuracy", numbers=".1%", title="HOG and a linear SVM",
                            note=f"{train.source.name}, {len(train):,} training and {len(test):,} test faces, seed "
                                 f"{seed}")
ctx.save(figure, "hog", alt="Bars of test accuracy of HOG features with a linear SVM on faces as they are, shaken, and "
         "aligned again by detected and by true points.")

# %%
from scnlib import paper
from scnlib.course.comparison import paired_difference

gains = {}
for name in ("shaken, aligned by MTCNN", "shaken, aligned by the truth"):
    if name in right:
        gains[name] = paired_difference(right[name], right["shaken"])
        ctx.say("{name}: **{gain:+.1f} ± {interval:.1f} points** against shaken (n = {n} test faces, one seed).",
                name=name, gain=100 * gains[name][0], interval=100 * gains[name][1], n=len(test),
                origin="measured here")

# %% [markdown]
# Compare the last bar with the first one, too. The rendered faces were never shaken by much, yet their heads lean and turn
# a little; true alignment takes the leaning out and leaves the turning in. A convolutional network plausibly forgives shifts
# that HOG does not, and augmentation makes it forgive more; what alignment brings there was not tried here. Lesson 04 starts
# from faces as they are.
#
# ## The cheapest baseline, beside a network
#
# HOG looks at edges, **local binary patterns** (LBP) at texture: at each pixel, which of its eight neighbours are brighter; counted in cells,
# too. Both cost seconds, and both deserve a place in every table: a network that does not beat them has learnt nothing that was worth
# learning.
#
# **Predict:** edges or texture? And how far behind the network of lesson 04, which trains for minutes on more faces?

# %%
more = ctx.faces("train").select(torch.arange(96 if ctx.smoke else 2000))
classical = {}
for name, features in (("LBP", preprocessing.lbp), ("HOG", preprocessing.hog)):
    hits = preprocessing.linear_svm(features(more.images), more.labels, features(test.images), test.labels)
    classical[f"{name}, linear SVM"] = float(hits.mean())
network = paper.arms(paper.load_results(), {"network": paper.arm("baseline")}, ctx.dataset).iloc[0]
beside = classical | ({f"the network of lesson 04 (n = {network['n']})": network["mean"] / 100} if network["n"] else {})
figure = plots.class_counts({"accuracy": beside}, label="test accuracy", numbers=".1%",
                            title="Features made by hand, features learnt",
                            note=f"{more.source.name}; by hand: {len(more):,} training and {len(test):,} test faces, "
                                 "measured here; network: all of them, measured at full scale")
ctx.save(figure, "classical", alt="Bars of test accuracy of linear support vector machines on LBP and on HOG, and of a "
         "small convolutional network.")

# %%
if ctx.dataset == "rendered" and network["n"]:
    best = max(classical, key=classical.get)
    ctx.say("{best}: **{hand:.1%}** from {n:,} faces in seconds. The network of lesson 04 reaches **{net:.1f}%** from "
            "6,000 faces in twelve epochs (n = {seeds}, measured at full scale). Guessing gets {guess:.1%}.",
            best=best, hand=classical[best], n=len(more), net=network["mean"], seeds=network["n"],
            guess=1 / test.num_classes, origin="measured here")

# %% [markdown]
# ## Recap
#
# You **found** a face and five points in it, in a photograph and in scenes whose truth you know. You **derived** the transform
# that aligns it, one complex quotient, and checked it against the library. You **measured** the detector: its rate, its
# error in eye distances, its speed. You **broke** it with tight crops and saw that the rate hides what the points show, and
# that a mirror makes faces. And you saw **what alignment brings** to the cheapest classifier, and what that one is worth beside a network.
#
# ## What would change our mind
#
# - "Tight crops cost precision of the points" rests on rendered faces. Landmarks that people set on real tight crops could
#   contradict it.
# - "Alignment helps" was shown for HOG on shaken faces. If a network trained with and without alignment came out equal, the
#   sentence in section 3.5 would be a habit and not a need.
#
# ## Exercises
#
# [Exercises that check themselves, and a quiz](exercises/01_preprocessing.ipynb) go with this lesson. Further questions, which nobody
# checks but you:
#
# 1. Two points determine a similarity, too. Align by the eyes alone, and by all five. Which average face is sharper at the
#    mouth, and why might that be bad for *recognising expressions*?
# 2. `Detector(smallest=40)` is faster. Below which size of portrait (`side=` of `render_scenes`) does it begin to miss faces?
# 3. Measure the speed with `side=(40, 60)` in `render_scenes`. What is left of the advantage of looking for the largest face?
#
# ## References
#
# - Wang, Peng, Yang, Lu, Qiao: *Suppressing Uncertainties for Large-Scale Facial Expression Recognition* (SCN), CVPR 2020,
#   sections 2.1 and 3.5.
# - Zhang, Zhang, Li, Qiao: *Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks* (MTCNN), IEEE
#   Signal Processing Letters 2016. Weights: Esler, *facenet-pytorch*.
# - Umeyama: *Least-Squares Estimation of Transformation Parameters Between Two Point Patterns*, PAMI 1991.
# - Ojala, Pietikäinen, Mäenpää: *Multiresolution Gray-Scale and Rotation Invariant Texture Classification with Local Binary Patterns*,
#   PAMI 2002.
# - Dalal, Triggs: *Histograms of Oriented Gradients for Human Detection*, CVPR 2005.
# - The template of five points: Deng, Guo, Xue, Zafeiriou, *ArcFace*, CVPR 2019.

# %% tags=["remove-cell"]
assert agreement < 1e-3, agreement
assert 0.005 < share < 0.1 and face.probabilities[0] > 0.9
assert len(tight) == len(tight_crops.PADDINGS) and all(0 <= value <= 1 for value in accuracy.values())
if profile == "quick":
    assert rate > 0.9 and np.nanmedian(errors) < 0.12, (rate, np.nanmedian(errors))
    assert plain["error"] > 1.25 * edge["error"] and mirror["several"] > 0.05, tight
    assert gains["shaken, aligned by MTCNN"][0] > 0.08 and b_there.float().mean() > 0.85, (accuracy,
        b_there.float().mean())
    assert accuracy["shaken, aligned by the truth"] > accuracy["shaken"] + 0.1, accuracy
    assert min(classical.values()) > 0.2 and network["mean"] > 100 * max(classical.values()), (classical,
        network["mean"])
