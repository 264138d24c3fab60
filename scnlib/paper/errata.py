"""What the papers print and should have printed otherwise. Every difference of numbers is recomputed in the tests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Erratum:
    """One slip: where it stands, what is printed, what it should be, and how one can tell."""

    place: str
    printed: str
    correct: str
    why: str


ERRATA = (
    Erratum(
        "SCN 4.2, gains from scratch at 30 %",
        "13.80 / 1.07 / 1.91 on RAF-DB, FERPlus, AffectNet",
        "13.80 / 1.91 / 1.07",
        "table 2: FERPlus 70.45 - 68.54 = 1.91, AffectNet 39.42 - 38.35 = 1.07",
    ),
    Erratum(
        "SCN 4.2, gains with pretraining at 30 %",
        "2.20 / 2.47 / 3.12 on RAF-DB, FERPlus, AffectNet",
        "2.20 / 3.13 / 2.47",
        "table 2: FERPlus 82.47 - 79.34 = 3.13, AffectNet 55.05 - 52.58 = 2.47",
    ),
    Erratum(
        "SCN 4.2",
        "the benefit becomes more obvious as the noise ratio increases, for both schemes",
        "not monotone in three of six columns: RAF-DB and FERPlus from scratch, AffectNet pretrained",
        "table 2, gains at 10 / 20 / 30 %: 8.83 / 8.00 / 13.80; 1.38 / .58 / 1.91; 1.40 / 1.10 / 2.47",
    ),
    Erratum(
        "SCN 4.2",
        "fewer inconsistent labels in AffectNet and FERPlus, leading to less improvement on RAF-DB",
        "leading to less improvement on AffectNet and FERPlus",
        "the sentence explains why RAF-DB gains most",
    ),
    Erratum(
        "SCN 4.2",
        "AffectNet and FERPlus are annotated by experts",
        "FERPlus is crowd-sourced",
        "the title of its own reference: training deep networks with crowd-sourced label distribution",
    ),
    Erratum(
        "SCN 4.1 and 4.2",
        "RAF-DB is annotated by 40 trained human coders (4.1), by 40 people with crowdsourcing (4.2)",
        "one of the two",
        "the text contradicts itself; LRN says that each image was labelled about 40 times",
    ),
    Erratum(
        "SCN 4.1",
        "six basic expressions (neutral, happiness, surprise, sadness, anger, disgust, fear) and neutral expression",
        "six basic expressions and neutral: seven classes",
        "the list has seven entries, with neutral among them",
    ),
    Erratum(
        "SCN 4.3, gains of WebEmotion pretraining",
        "6.97 / 9.85 / 1.80 on RAF-DB, FERPlus, AffectNet",
        "6.97 / 1.80 / 9.85",
        "table 3: FERPlus 84.20 - 82.4 = 1.80, AffectNet 56.43 - 46.58 = 9.85",
    ),
    Erratum(
        "SCN 4.3, fine-tuning with SCN",
        "gains ranged from 1 % to 2 %",
        "1.45 / .80 / .93 on RAF-DB, AffectNet, FERPlus",
        "table 3, third row minus second",
    ),
    Erratum(
        "SCN 4.4, ranking and relabelling on top of weighting",
        "2.15",
        "2.05",
        "table 5: 78.31 - 76.26",
    ),
    Erratum(
        "SCN tables 5 and 6",
        "76.57 both for weighting + ranking without relabelling and for gamma = .6 with all modules",
        "unknown; one may be a copy of the other",
        "two different experiments with the same four digits",
    ),
    Erratum(
        "SCN abstract, 1 and 4.5",
        "new records on RAF-DB, AffectNet and FERPlus",
        "on FERPlus only with IR-50 (89.35); ResNet-18 reaches 88.01",
        "table 7: RAN 88.55, SeNet50 88.8 and RAN-VGG16 89.16 are above 88.01",
    ),
    Erratum(
        "SCN equation 4",
        "sums over i = 0..M and i = M..N, divided by M and N - M",
        "i = 1..M and i = M+1..N",
        "as printed sample M is in both groups and the sums have one term too many",
    ),
    Erratum(
        "SCN 1 and 5 against 3.1 and 3.2",
        "the importance weights are used for loss weighting",
        "they multiply the logits",
        "equation 2; 3.2 says itself that weighting the loss ends in the trivial solution alpha = 0",
    ),
    Erratum(
        "SCN reference [34], as the slides print it",
        "SIFT: predicting amino acid changes that affect protein function",
        "a paper on the image descriptor SIFT",
        "2.1 cites it for texture features",
    ),
    Erratum(
        "SCN 2.1 and 3.5",
        "MTCNN is reference [44] in 2.1 and [45] in 3.5",
        "one of the two",
        "one method, two numbers; the whole list of references is in no source",
    ),
    Erratum(
        "slides, datasets",
        "RAF-DB: 6 expressions",
        "7 classes",
        "SCN 4.1 adds neutral",
    ),
    Erratum(
        "slides, total loss",
        "L = gamma L_RR + (1 gamma) L_WCE",
        "L = gamma L_RR + (1 - gamma) L_WCE",
        "the minus was lost; SCN 3.3 has it",
    ),
    Erratum(
        "LRN table 1, SCN on AffectNet at 10 %",
        "58.85",
        "58.58",
        "SCN table 2; the other five numbers of the row agree",
    ),
    Erratum(
        "LRN 1, third contribution",
        "60.84 on AffectNet",
        "60.83",
        "LRN tables 2 and 3",
    ),
    Erratum(
        "LRN 4.1",
        "six basic expressions (neutral, happy, surprise, sad, anger, disgust, fear) as well as neutral",
        "six basic expressions and neutral: seven classes",
        "the slip of SCN 4.1, and the sentence before says seven",
    ),
    Erratum(
        "LRN table 1, AffectNet at 30 %",
        "noise-tolerant methods compared with a baseline",
        "the baseline (55.61) is above SCN (55.05), SCE-ALD (55.54) and IPA2LT (54.29)",
        "SCN's number was copied from a paper with a weaker baseline (52.58)",
    ),
    Erratum(
        "LRN 4.5",
        "seven state-of-the-art rivals",
        "eight",
        "table 3 has eight rows besides its own; the list in the text leaves out RAN",
    ),
    Erratum(
        "LRN table 3, SCN on FERPlus",
        "89.35 beside ResNet-18 results",
        "88.01 with ResNet-18",
        "89.35 is SCN with IR-50 (SCN table 7)",
    ),
    Erratum(
        "LRN table 3, IPA2LT on AffectNet",
        "55.71 beside 8-class results",
        "a 7-class result",
        "caption of SCN table 7",
    ),
    Erratum(
        "LRN 5",
        "compact inter-class feature representations",
        "compact intra-class feature representations",
        "abstract, 1 and 3.2",
    ),
    Erratum(
        "LRN equation 1",
        "cov_k(x) times eps_k, element by element",
        "the k-th row of a C x C matrix times the vector eps",
        "the text models correlations between classes with a covariance matrix",
    ),
    Erratum(
        "LRN equation 2",
        "indicator [i = y_ic]",
        "indicator [c = y_i]",
        "i counts samples and cannot equal a label",
    ),
    Erratum(
        "LRN equation 3",
        "exp(d(f, mu)) with d a metric function",
        "d a similarity, for instance a negative squared distance",
        "with a distance the farthest centre would get the largest confidence",
    ),
    Erratum(
        "LRN equation 4",
        "sigma_k, and a sum over M samples",
        "sigma (no index k occurs) and the batch size",
        "neither k nor M is defined",
    ),
)
