"""Every number of the LRN paper: its tables 1, 2 and 3, and the differences that its text states."""

from scnlib.paper.record import printed

DATASETS = ("RAF-DB", "AffectNet")
METHODS = ("Baseline", "IPA2LT", "SCN", "SCE-ALD", "LRN")

_TABLE_1 = {  # method -> RAF-DB and AffectNet at 10, 20 and 30 % noise, in the order of the printed columns
    "Baseline": (80.73, 57.23, 78.77, 56.52, 76.10, 55.61),
    "IPA2LT": (80.25, 57.42, 78.26, 56.60, 72.26, 54.29),
    "SCN": (82.18, 58.85, 80.10, 57.25, 77.46, 55.05),
    "SCE-ALD": (82.27, 58.97, 80.38, 57.60, 77.61, 55.54),
    "LRN": (85.45, 59.49, 83.41, 58.21, 81.84, 57.09),
}
TABLE_1 = printed(
    "lrn-1",
    "LRN table 1",
    DATASETS,
    {f"noise {10 * i + 10} %, {m}": _TABLE_1[m][2 * i : 2 * i + 2] for i in range(3) for m in METHODS},
    notes={("noise 10 %, SCN", "AffectNet"): "SCN table 2 prints 58.58"},
)

TABLE_2 = printed(
    "lrn-2",
    "LRN table 2",
    DATASETS,
    {
        "baseline, L_ce": (86.48, 58.19),
        "baseline, L_ce + L_cld": (87.64, 59.31),
        "LRN, L_cls": (88.35, 60.59),
        "LRN, L_cls + L_cld": (88.91, 60.83),
    },
)

TABLE_3 = printed(
    "lrn-3",
    "LRN table 3",
    (*DATASETS, "FERPlus"),
    {
        "DLP-CNN": (80.89, 54.47, None),
        "gACNN": (85.07, 58.78, None),
        "IPA2LT": (86.77, 55.71, None),
        "RAN": (86.90, 59.50, 88.55),
        "SCN": (87.03, 60.23, 89.35),
        "Lo et al.": (87.35, None, 87.45),
        "EfficientFace": (88.36, 59.89, None),
        "SCE-ALD": (87.19, 60.31, 88.59),
        "LRN": (88.91, 60.83, 89.53),
    },
    notes={
        ("DLP-CNN", "RAF-DB"): "84.22 in SCN table 7",
        ("IPA2LT", "RAF-DB"): "trained on RAF-DB and AffectNet (dagger)",
        ("IPA2LT", "AffectNet"): "trained on RAF-DB and AffectNet (dagger); 7 classes, says SCN table 7",
        ("RAN", "AffectNet"): "oversampled, says SCN table 7 (52.97 without)",
        ("SCN", "FERPlus"): "IR-50, says SCN table 7 (88.01 with ResNet-18)",
    },
)

TEXT = (
    *printed(
        "lrn-text",
        "LRN 1, third contribution",
        (*DATASETS, "FERPlus"),
        {"LRN": (88.91, 60.84, 89.53)},
        notes={("LRN", "AffectNet"): "60.83 in tables 2 and 3"},
    ),
    *printed(
        "lrn-text",
        "LRN 4.3",
        DATASETS,
        {
            "gain over the baseline, noise 10 %": (4.72, 2.26),
            "gain over the baseline, noise 20 %": (4.64, 1.69),
            "gain over the baseline, noise 30 %": (5.74, 1.48),
        },
    ),
    *printed(
        "lrn-text",
        "LRN 4.3",
        ("RAF-DB",),
        {
            "gain over SCE-ALD, noise 10 %": (3.18,),
            "gain over SCE-ALD, noise 20 %": (3.03,),
            "gain over SCE-ALD, noise 30 %": (4.23,),
        },
    ),
    *printed(
        "lrn-text",
        "LRN 4.4",
        DATASETS,
        {
            "gain of both parts over the baseline": (2.43, 2.64),
            "L_cls alone over L_cld alone": (0.71, 1.28),
            "gain of L_cld over L_cls alone": (0.56, 0.24),
        },
    ),
    *printed("lrn-text", "LRN 4.5", ("RAF-DB",), {"gain over EfficientFace": (0.55,)}),
    *printed("lrn-text", "LRN 4.5", (*DATASETS, "FERPlus"), {"gain over SCE-ALD": (1.72, 0.52, 0.94)}),
)
