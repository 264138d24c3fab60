"""The method that the README writes down works as it says."""

import re

from scnlib.paths import project_root

from .test_scn import batch, build  # noqa: F401 (a fixture)


def test_the_example_is_short_and_trains(batch):  # noqa: F811
    text = (project_root() / "README.md").read_text(encoding="utf-8")
    section = text.split("## Add a method")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    assert len(section.splitlines()) < 60
    space = {"__name__": "small_loss"}
    exec(compile(code, "README.md", "exec"), space)
    method = space["SmallLoss"]()
    step = method.step(build(method), batch, epoch=1)
    step.loss.backward()
    assert step.loss.isfinite()
    assert step.alpha.sum() == 20  # of 40 samples, those up to the lower median
    assert set(step.alpha.tolist()) == {0.0, 1.0}
