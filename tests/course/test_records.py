"""What tables of records say, counted by hand on the printed tables."""

import pandas as pd
import pytest

from scnlib.course import records
from scnlib.paper import TABLES


def test_every_cell_has_a_remark_or_says_that_there_is_none():
    found = records.remarks("scn-7")
    assert len(found) == len(TABLES["scn-7"])
    cells = found.set_index(["row", "column"])[records.REMARK]
    assert cells[("SCN", "FERPlus")] == "ResNet-18" and cells[("RAN", "FERPlus")] == "nothing is said"


def test_a_name_that_tells_is_a_remark():
    cells = records.remarks("scn-7").set_index(["row", "column"])[records.REMARK]
    backbone = "the name: another backbone"
    assert cells[("ResNet + VGG", "FERPlus")] == cells[("SCN, IR-50", "FERPlus")] == backbone
    assert cells[("Upsample", "AffectNet")] == "the name: oversampled"
    assert cells[("SeNet50", "FERPlus")] == f"trained on label distributions (asterisk); {backbone}"
    assert cells[("RAN, oversampled", "AffectNet")] == "oversampled (plus)"


def test_a_rival_is_marked_by_its_remark_and_scn_is_no_rival():
    rows = [
        ("RAN", "nothing is said"),
        ("Upsample", "the name: oversampled"),
        ("PLD", "label distributions"),
        ("SCN", "oversampled"),
        ("SeNet50", "the name: another backbone"),
    ]
    table = pd.DataFrame(rows, columns=["row", records.REMARK])
    assert records.marked(table) == {"n": 4, "marked": 3, "rest": 1}


def test_marked_cells_of_table_7():
    """AffectNet: Upsample, IPA2LT, RAN oversampled. FERPlus: PLD, ResNet + VGG, SeNet50, RAN-VGG16. RAF-DB: IPA2LT."""
    assert records.marked(records.remarks("scn-7")) == {"n": 14, "marked": 8, "rest": 6}


def test_two_rows_of_scn_on_ferplus():
    """85.10, 87.40, 88.01 SCN, 88.55, 88.80, 89.16, 89.35 IR-50: four neighbours of the rivals are within 1.34."""
    found = records.two_backbones("FERPlus")
    assert found.pop("gap") == pytest.approx(1.34)
    assert found == {"resnet": 88.01, "ir50": 89.35, "rank": 5, "best": 1, "n": 7, "pairs": 10, "close": 4}


def test_one_quoted_row_differs():
    quoted = records.quoted()
    assert quoted.loc["DLP-CNN"].tolist() == [84.22, 80.89, -3.33]
    assert records.agreement(quoted) == {"n": 5, "agree": 4, "apart": "DLP-CNN", "by": -3.33}
