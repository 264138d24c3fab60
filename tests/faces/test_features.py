"""What each muscle does to brows, eyes and mouth, as the Facial Action Coding System describes it."""

import pytest
import torch

from scnlib.faces import Preset, sample_latents
from scnlib.faces.action_units import ACTION_UNITS, COLUMN
from scnlib.faces.features import outline_features
from scnlib.faces.geometry import both_sides, cast_head, make_canvas

CALM = Preset((0.0, 0.0), 0.0, 0.0, 0.0, 0.0, distractors=0.0, jitter=0.0, asymmetry=0.0, pose=0.0)


def measures(**strengths):
    """Heights (positive is lower), lengths and areas of six frontal faces with these muscles active."""
    units = torch.zeros(len(ACTION_UNITS))
    for unit, strength in strengths.items():
        units[COLUMN[int(unit.removeprefix("au"))]] = strength
    face = sample_latents(5, range(6), CALM, crop="loose", action_units=units).as_fields()
    both = both_sides(face.action_units)
    canvas = make_canvas(face, 96)
    head = cast_head(face, face, both, canvas)
    found = outline_features(face, head, canvas, both, both)
    aside, eyes, mouth = head.u.abs(), found.eyes, found.mouth

    def over(field, where):
        return (field * where).sum((1, 2, 3)) / where.sum((1, 2, 3))

    middle_of_the_eye, middle_of_the_mouth = eyes.along.abs() < 0.4, mouth.along.abs() < 0.4
    return {
        "inner brow": over(found.brows.centre, (aside - 0.17).abs() < 0.05),
        "outer brow": over(found.brows.centre, (aside - 0.55).abs() < 0.05),
        "eye": over(eyes.lower_lid - eyes.upper_lid, middle_of_the_eye),
        "corner": mouth.corner.mean((1, 2, 3)),
        "width": mouth.half_width.mean((1, 2, 3)),
        "upper edge": over(mouth.upper_edge, middle_of_the_mouth),
        "upper lip": over(mouth.upper_rim - mouth.upper_edge, middle_of_the_mouth),
        "gap": over(mouth.lower_rim - mouth.upper_rim, middle_of_the_mouth),
        "opening": mouth.opening.sum((1, 2, 3)),
    }


@pytest.mark.parametrize(
    ("unit", "measure", "direction"),
    [
        (1, "inner brow", -1), (2, "outer brow", -1), (4, "inner brow", 1), (4, "outer brow", 1), (9, "inner brow", 1),
        (5, "eye", 1), (6, "eye", -1), (7, "eye", -1), (9, "eye", -1),
        (12, "corner", -1), (14, "corner", -1), (15, "corner", 1),
        (12, "width", 1), (20, "width", 1), (23, "width", -1),
        (10, "upper edge", -1), (23, "upper lip", -1), (25, "gap", 1), (25, "opening", 1),
    ],
)  # fmt: skip
def test_a_muscle_moves_what_it_is_named_after(unit, measure, direction):
    change = measures(**{f"au{unit}": 1.0})[measure] - measures()[measure]
    assert (change * direction > 0.01).all()


def test_the_inner_and_the_outer_part_of_a_brow_have_muscles_of_their_own():
    calm, inner, outer = measures(), measures(au1=1.0), measures(au2=1.0)
    lifted = {name: calm[name] - moved[name] for name, moved in (("inner brow", inner), ("outer brow", outer))}
    assert (lifted["inner brow"] > 3 * (calm["outer brow"] - inner["outer brow"])).all()
    assert (lifted["outer brow"] > 3 * (calm["inner brow"] - outer["inner brow"])).all()


def test_the_jaw_opens_a_mouth_whose_lips_are_parted_and_closed_lips_show_no_opening():
    assert (measures(au25=1.0, au26=1.0)["gap"] > measures(au25=1.0)["gap"] + 0.1).all()
    assert (measures(au26=1.0)["opening"] == 0).all() and (measures()["opening"] == 0).all()
