"""The SCN paper against the code that its authors released, difference by difference, as read in that code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes:
        topic: what it is about.
        paper: what the paper says; "not stated" where it says nothing.
        code: what the released training script does.
        effect: what follows from it.
        here: how this package does either, "" where it does neither.
    """

    topic: str
    paper: str
    code: str
    effect: str
    here: str = ""


DIFFERENCES = (
    Difference(
        "first weights",
        "MS-Celeb-1M by default (3.5); tables 2 to 6 also, or only, from scratch",
        "ImageNet weights, fixed in the script",
        "the command in its description, 87.03 with RAF-DB alone, starts from ImageNet; from scratch needs an edit",
        "from scratch",
    ),
    Difference(
        "loading weights",
        "MS-Celeb-1M weights are loaded",
        "names in file and network differ, strict=False passes over all of them, and a counter in the wrong place "
        "reports that all were loaded",
        "the option for pretrained weights does nothing and says that it worked",
        "a file that does not fit is refused",
    ),
    Difference(
        "optimiser and schedule",
        "learning rate 0.1, divided by 10 after 15 and 30 of 40 epochs, batches of 1024 on 8 GPUs (3.5)",
        "Adam at .001, times .9 after each of 70 epochs, batches of 64 on one GPU",
        "another regime: Adam does not see the scale of a loss, and a batch of 64 ranks 44 above 20 faces",
        'optimizer="adam", schedule="exponential", batch_size=64',
    ),
    Difference(
        "weight decay",
        "not stated",
        "1e-4, which Adam adds to the gradient and then divides by its scale",
        "weights decay by the history of their gradients; beside a doubled loss the decay counts half",
        "weight_decay",
    ),
    Difference(
        "start of relabelling",
        "from the 10th of 40 epochs (3.5)",
        "from the 10th of 70 epochs",
        "a longer time for cures that feed on cures",
        "relabel_epoch",
    ),
    Difference(
        "size of the high group",
        "beta N",
        "int(batch * beta), which cuts off what floating point leaves just short of a whole number",
        "some groups lose a sample",
        "rounded as meant",
    ),
    Difference(
        "delta 1",
        ".15, or learnable (3.5, 4.4)",
        ".15, and .07 in the command for batches of 64; not learnable",
        "a learnable margin cannot be run",
        "margin_rank, learnable_margin",
    ),
    Difference(
        "total loss",
        "gamma RR + (1 - gamma) WCE, gamma = .5 (3.3)",
        "RR + WCE",
        "twice the loss at gamma = .5, and no gamma: table 6 cannot be run",
        'loss="trade_off" or "sum"',
    ),
    Difference(
        "who may be relabelled",
        "only the low-importance group (equation 5)",
        "every sample of the batch",
        "alpha has no say in the cure",
        'relabel_group="low" or "all"',
    ),
    Difference(
        "bias",
        "none (equations 1 and 2)",
        "both layers have one, and alpha multiplies the classifier's, too",
        "a face of no importance says nothing of its class: not even which one is common",
        "bias=False or True",
    ),
    Difference(
        "which probabilities decide",
        "not stated",
        "of the alpha-scaled logits, in training mode, of the augmented and erased picture, before the step",
        "a label changes on one noisy look",
        "relabel_softmax, relabel_mode",
    ),
    Difference(
        "what a new label replaces",
        "the original label stays l_org: equation 5 falls back to it",
        "the only copy of the label is overwritten",
        "no cure is ever taken back; training accuracy is measured against the rewritten labels and leaps",
        'fallback="given" or "current"',
    ),
    Difference(
        "when a new label acts",
        "not stated",
        "from the next epoch on",
        "the step that finds a label wrong still trains on it",
        "the same",
    ),
    Difference(
        "alignment",
        "MTCNN (3.5)",
        "the dataset's own aligned faces, 100 x 100, made larger to 224",
        "no detector is run",
        "lesson 01",
    ),
    Difference(
        "augmentation",
        "not stated",
        "in half of the cases one of a mirror image and pixel noise; in half a random rectangle is erased",
        "a face is mirrored in a quarter of its views, and partly covered in half of them",
        "augmentation, ours",
    ),
    Difference(
        "choice of the epoch",
        "not stated",
        "every network above 87 % on the test set is kept, after each of 70 epochs",
        "the epoch is chosen on the test set",
        "last epoch; best_accuracy beside it, marked",
    ),
    Difference(
        "dropout",
        "not stated",
        "made anew in each forward pass, so it is never told that training is over",
        "active in evaluation, if its rate is above 0 (the default is 0)",
    ),
    Difference(
        "last batch, seeds",
        "not stated",
        "a last, incomplete batch is kept, even of one sample; there is no seed",
        "one sample cannot be split into two groups; no two runs agree",
        "batches are even; an empty group costs 0; every draw has a seed",
    ),
    Difference(
        "where labels live",
        "not stated",
        "in the dataset object, which loader processes copy when they start",
        "right only because they start anew each epoch; persistent ones would go on with the old labels",
        "a ledger beside the data",
    ),
    Difference(
        "alpha at test time",
        "not stated",
        "the scaled logits are returned",
        "no prediction depends on it: a positive factor does not move the largest score; confidences do",
        "the same",
    ),
    Difference(
        "what was released",
        "RAF-DB, FERPlus, AffectNet, WebEmotion, a baseline",
        "training on RAF-DB; noise files for 10 and 20 %, drawn for each sample on its own (10.36 and 20.27 %) and "
        "written in a form that its loader cannot read",
        "the other tables, the baseline and the noise at 30 % must be rebuilt",
        "stratified, seeded noise",
    ),
)
