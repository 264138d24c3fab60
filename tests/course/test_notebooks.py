"""From source to notebook: no outputs, stable ids, and a check that notices."""

import json

import pytest

from scnlib.course import lessons, notebooks

HEADER = """# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

"""
CELLS = ("# %% [markdown]\n# # Title", '# %% tags=["parameters"]\nseed = 0', "# %%\nprint(1)", "# %%\nprint(1)")
SOURCE = HEADER + "\n\n".join(CELLS) + "\n"


def ids(source):
    return [cell["id"] for cell in json.loads(notebooks.notebook_text(source))["cells"]]


def test_cells_come_over_without_outputs():
    notebook = json.loads(notebooks.notebook_text(SOURCE))
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "code", "code"]
    assert notebook["cells"][1]["metadata"] == {"tags": ["parameters"]}
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in notebook["cells"][1:])
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_the_closing_asserts_are_folded_in_jupyterlab():
    notebook = json.loads(notebooks.notebook_text(SOURCE + '\n# %% tags=["remove-cell"]\nassert seed == 0\n'))
    assert notebook["cells"][-1]["metadata"] == {"jupyter": {"source_hidden": True}, "tags": ["remove-cell"]}


def test_the_same_source_gives_the_same_text():
    assert notebooks.notebook_text(SOURCE) == notebooks.notebook_text(SOURCE)


def test_ids_are_unique_and_survive_an_insertion():
    before, after = ids(SOURCE), ids(SOURCE.replace("# %%\nprint(1)", "# %%\nnew = 2\n\n# %%\nprint(1)", 1))
    assert len(set(after)) == len(after) == len(before) + 1
    assert set(before) < set(after)


def test_a_source_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match="no kernelspec"):
        notebooks.notebook_text("# %%\n1\n")


def test_the_check_notices_what_is_missing_stale_or_left_over(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_a.py").write_text(SOURCE)
    assert notebooks.differences(tmp_path) == ["01_a.ipynb is missing; its source is source/01_a.py"]
    assert [path.name for path in notebooks.write_all(tmp_path)[0]] == ["01_a.ipynb"]
    assert notebooks.differences(tmp_path) == [] == notebooks.write_all(tmp_path)[0]
    (tmp_path / "01_a.ipynb").write_text("{}")
    (tmp_path / "02_b.ipynb").write_text("{}")
    assert notebooks.differences(tmp_path) == [
        "01_a.ipynb is not what source/01_a.py says",
        "02_b.ipynb has no source",
    ]


def test_a_notebook_that_somebody_worked_in_is_left_alone(tmp_path, monkeypatch, capsys):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_a.py").write_text(SOURCE)
    notebooks.write_all(tmp_path)
    mine = json.loads((tmp_path / "01_a.ipynb").read_text())
    mine["cells"][2]["source"], mine["cells"][2]["execution_count"] = "print(2)", 1
    (tmp_path / "01_a.ipynb").write_text(json.dumps(mine))
    monkeypatch.setattr(notebooks, "notebooks_dir", lambda: tmp_path)
    assert notebooks.main([]) == 0
    assert "left alone, since cells of it were run" in capsys.readouterr().out
    assert notebooks.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "01_a.ipynb was run and saved: clear its outputs" in said and "`make notebooks`" in said
    assert json.loads((tmp_path / "01_a.ipynb").read_text()) == mine


def test_the_command_fails_when_they_differ(tmp_path, monkeypatch, capsys):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_a.py").write_text(SOURCE)
    monkeypatch.setattr(notebooks, "notebooks_dir", lambda: tmp_path)
    assert notebooks.main(["--check"]) == 1
    assert notebooks.main([]) == 0
    assert notebooks.main(["--check"]) == 0
    assert "notebooks and sources agree" in capsys.readouterr().out


def test_the_tour_links_lessons_and_what_is_there_of_exercises(tmp_path):
    (tmp_path / "exercises").mkdir()
    for path in [f"{number}_lesson.ipynb" for number, _, _ in lessons.LESSONS] + ["exercises/03_label_noise.ipynb"]:
        (tmp_path / path).touch()
    text = lessons.tour(tmp_path)
    assert text.count("[practice](exercises/03_label_noise.ipynb)") == text.count("[practice]") == 1
    assert "[Label noise](03_lesson.ipynb)" in text
    assert text.count("\n") == len(lessons.LESSONS) + 1


EXERCISE = (
    HEADER
    + '''# %% [markdown]
# Write it.

# %%
def twice(x):
    """A number."""
    # solution:
    y = x + x
    return y
    # end


guess = 2 + 2  # solution

twice(guess)

# %% [markdown] tags=["solution"]
# The key.
'''
)


def sources(text):
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


def test_an_exercise_is_its_solution_without_what_stands_between_the_marks():
    task, code, place = sources(notebooks.exercises_text(EXERCISE))
    assert task == "Write it."
    assert code == 'def twice(x):\n    """A number."""\n    ...\n\n\nguess = ...\n\ntwice(guess)'
    assert place.startswith("*Write your answer here")
    _, solved, key = sources(notebooks.solutions_text(EXERCISE))
    assert solved == EXERCISE.split("# %%\n")[1].split("\n\n# %%")[0].replace("    # solution:\n", "").replace(
        "    # end\n", ""
    ).replace("  # solution", "")
    assert key == "The key."


def test_the_head_of_exercises_says_how_long_they_take():
    tasks = "".join(f"# %% [markdown]\n# ## 01.{n} {kind}: it\n\n" for n, kind in enumerate(("Implement",) * 2, 1))
    tasks += "# %% [markdown]\n# ## 01.3 Explain: it\n\n"
    quiz = "".join(f"# %% [markdown]\n# ### Question {n}\n\n" for n in range(1, 6))
    task, *_ = sources(notebooks.exercises_text(EXERCISE + tasks, quiz))
    assert task == "Write it.\n\nAbout 40 minutes: 10 for each *implement*, 8 for each *explain*, 10 for the quiz."
    assert sources(notebooks.solutions_text(EXERCISE + tasks))[0] == "Write it."
    alone, *_ = sources(notebooks.quiz_text(EXERCISE.replace("Write it.", "# It"), "01_a", quiz))
    assert alone.endswith("\n\nAbout 10 minutes.")


def test_a_mark_without_its_partner_is_refused_before_it_leaks():
    for broken in (EXERCISE.replace("    # end\n", ""), EXERCISE.replace("    # solution:\n", "")):
        with pytest.raises(ValueError, match="has no partner in the cell that begins 'def twice"):
            notebooks.exercises_text(broken)


def test_a_quiz_becomes_cells_behind_the_exercises(tmp_path):
    (tmp_path / "source" / "solutions").mkdir(parents=True)
    (tmp_path / "source" / "quizzes").mkdir()
    (tmp_path / "source" / "solutions" / "01_a.py").write_text(EXERCISE)
    (tmp_path / "source" / "quizzes" / "01_a.toml").write_text(
        '[[question]]\nask = "Is $a$ = # 1?"\nsource = "SCN eq. (1)"\n'
        'option = [{ say = "Yes.", because = "So.", right = true }, { say = "No.", because = "Not so." }]\n'
    )
    assert [path.parent.name for path in notebooks.write_all(tmp_path)[0]] == ["exercises", "solutions"]
    title, question = sources((tmp_path / "exercises" / "01_a.ipynb").read_text())[-2:]
    assert title.startswith("## Quiz")
    assert question.startswith("### Question 1\n\nIs $a$ = # 1?\n\n- **A.** Yes.\n- **B.** No.\n\n<details>\n<summary>")
    assert question.endswith(
        "- **A is right.** So.\n- **B is not right.** Not so.\n\nSource: SCN eq. (1).\n\n</details>"
    )
    (tmp_path / "solutions" / "01_a.ipynb").unlink()
    (tmp_path / "exercises" / "02_b.ipynb").write_text("{}")
    assert notebooks.differences(tmp_path) == [
        "solutions/01_a.ipynb is missing; its source is source/solutions/01_a.py",
        "exercises/02_b.ipynb has no source",
    ]


def test_a_quiz_without_exercises_is_a_notebook_of_its_own_but_takes_no_exercises_place(tmp_path):
    for name in ("quizzes", "solutions"):
        (tmp_path / "source" / name).mkdir(parents=True)
    (tmp_path / "source" / "00_a.py").write_text(SOURCE.replace("# # Title", "# # Start here: and go on"))
    (tmp_path / "source" / "solutions" / "01_b.py").write_text(EXERCISE)
    (tmp_path / "source" / "quizzes" / "00_a.toml").write_text(
        '[[question]]\nask = "Why?"\noption = [{ say = "So.", because = "Thus.", right = true }]\n'
    )
    notebooks.write_all(tmp_path)
    quiz = tmp_path / "exercises" / "00_a.ipynb"
    title, head, question = sources(quiz.read_text())
    assert title.startswith("# Quiz: Start here\n\nFor [lesson 00](../00_a.ipynb)")
    assert head.startswith("## Quiz") and question.startswith("### Question 1\n\nWhy?")
    quiz.unlink()
    assert notebooks.differences(tmp_path) == [
        "exercises/00_a.ipynb is missing; its source is source/quizzes/00_a.toml"
    ]
    (tmp_path / "source" / "solutions" / "01_b.py").unlink()  # as in a copy for students
    assert notebooks.write_all(tmp_path) == ([], [])
