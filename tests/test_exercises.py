"""Every exercise and every quiz: solutions pass, stubs say so, known mistakes are named, and nothing leaks."""

import ast
import json
import math
import os
import re
import subprocess
import sys
import time
from importlib import import_module

import pytest
import torch

from scnlib.course import check, notebooks, quizzes
from scnlib.course.checks.kinds import Implement
from scnlib.course.lessons import notebooks_dir
from scnlib.datasets.noise import corrupt_labels
from scnlib.evaluation import confusion_matrix

SOURCES = sorted((notebooks_dir() / "source" / "solutions").glob("*.py"))
QUIZZES = sorted((notebooks_dir() / "source" / "quizzes").glob("*.toml"))
CHECKED = {
    number: exercise
    for path in SOURCES
    for number, exercise in import_module(f"scnlib.course.checks.lesson_{path.stem[:2]}").EXERCISES.items()
}
MISTAKES = [(number, mistake) for number, exercise in CHECKED.items() for mistake in exercise.mistakes]
HEADING = re.compile(r"^## (\d\d\.\d) (Implement|Predict|Explain): \S", flags=re.MULTILINE)

by_stem = {"argvalues": SOURCES, "ids": lambda path: path.stem}


def cells(path):
    """(type, source, tags) of every cell of a source."""
    import jupytext

    found = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in found]


def texts(path):
    """What stands in every cell of the notebook that a lesson's exercises and quiz are in."""
    notebook = json.loads((notebooks_dir() / "exercises" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"]]


def messages(kind, stem):
    """Run a notebook's cells in this process; what ``check.ex`` said, by number."""
    notebook = json.loads((notebooks_dir() / kind / f"{stem}.ipynb").read_text(encoding="utf-8"))
    space, found = {}, {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            *body, last = ast.parse("".join(cell["source"])).body
            exec(compile(ast.Module(body, []), "cell", "exec"), space)
            if isinstance(last, ast.Expr):
                message = eval(compile(ast.Expression(last.value), "cell", "eval"), space)
                found[message.number] = message
            else:
                exec(compile(ast.Module([last], []), "cell", "exec"), space)
    return found


def test_there_are_exercises_for_01_to_15_and_a_quiz_for_each_lesson():
    lessons = [path.stem for path in sorted((notebooks_dir() / "source").glob("*.py"))]
    assert [path.stem for path in SOURCES] == [stem for stem in lessons if "01" <= stem[:2] <= "15"]
    assert [path.stem for path in QUIZZES] == lessons


@pytest.mark.parametrize("path", **by_stem)
class TestExercises:
    def test_implement_predict_and_explain(self, path):
        text = "\n".join(source for kind, source, _ in cells(path) if kind == "markdown")
        headings = HEADING.findall(text)
        assert [number for number, _ in headings] == [f"{path.stem[:2]}.{i + 1}" for i in range(len(headings))]
        assert len(headings) >= 3 and {kind for _, kind in headings} == {"Implement", "Predict", "Explain"}
        assert len(re.findall("^## ", text, flags=re.MULTILINE)) == len(headings)
        assert len(re.findall("^# ", text, flags=re.MULTILINE)) == 1
        for number, kind in headings:
            assert (kind == "Explain") == (number not in CHECKED), number
            if kind != "Explain":
                assert (kind == "Implement") == isinstance(CHECKED[number], Implement), number

    def test_each_explanation_has_a_marking_key(self, path):
        found = cells(path)
        for (_, task, _), (kind, key, tags) in zip(found, [*found[1:], ("", "", [])], strict=True):
            if re.match(r"## \d\d\.\d Explain", task):
                assert (kind, tags) == ("markdown", ["solution"])
                assert key.startswith("**Marking key**") and key.count("\n- ") >= 2

    def test_the_solution_passes_within_a_second(self, path):
        found = messages("solutions", path.stem)
        mine = [number for number in CHECKED if number[:2] == path.stem[:2]]
        assert list(found) == mine
        assert {number: message.words for number, message in found.items() if message.state != "passed"} == {}

    def test_the_untouched_exercise_is_not_attempted(self, path):
        assert {message.state for message in messages("exercises", path.stem).values()} == {"not attempted"}

    def test_each_cell_checks_what_it_defines(self, path):
        notebook = json.loads((notebooks_dir() / "exercises" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))
        for code in ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"):
            if found := re.search(r"check\.ex\(\"\d\d\.\d\", (\w+)\)", code):
                assert f"def {found[1]}(" in code or f"{found[1]} = ...\n" in code, code

    def test_no_solution_leaks(self, path):
        text = (notebooks_dir() / "exercises" / f"{path.stem}.ipynb").read_text(encoding="utf-8")
        shown = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        solved = [source for _, source, _ in cells(path)]
        secrets = [
            line for source in solved for block in notebooks._BLOCK.findall(source) for line in block[1].split("\n")
        ]
        secrets += [match[1] for source in solved for match in notebooks._LINE.findall(source)]
        secrets += [line for _, source, tags in cells(path) if "solution" in tags for line in source.split("\n")]
        assert len(secrets) >= 6
        for secret in filter(None, map(str.strip, secrets)):
            assert len(secret) < 6 or secret not in shown, secret
        assert "# solution" not in text and "# end" not in text and '"solution"' not in text

    def test_the_solutions_show_no_marks(self, path):
        text = (notebooks_dir() / "solutions" / f"{path.stem}.ipynb").read_text(encoding="utf-8")
        assert "# solution" not in text and "# end" not in text


@pytest.mark.parametrize(("number", "mistake"), MISTAKES, ids=[f"{n} {m.name}" for n, m in MISTAKES])
def test_a_known_mistake_is_called_by_its_name(number, mistake):
    message = check.ex(number, mistake.answer if isinstance(CHECKED[number], Implement) else mistake.value())
    assert (message.state, message.mistake) == ("not yet", mistake.name), message
    assert mistake.name in message.words and mistake.hint in message.words


@pytest.mark.parametrize("number", CHECKED)
class TestCheck:
    def test_is_quick_and_leaves_the_random_numbers_alone(self, number):
        state, began = torch.random.get_rng_state(), time.process_time()
        exercise = CHECKED[number]
        if isinstance(exercise, Implement):
            exercise.examine(exercise.reference or (lambda *arguments: arguments[0]))
        else:
            assert exercise.examine(exercise.truth()).state == "passed"
        assert time.process_time() - began < 1
        assert (torch.random.get_rng_state() == state).all()

    def test_survives_what_raises_and_what_makes_no_sense(self, number):
        def lost(*arguments):
            raise KeyError("lost")

        for nonsense in (lost, lambda: 1, lambda *arguments: "text", "zzz", object(), [[]]):
            message = check.ex(number, nonsense)
            assert message.state == "not yet" and message.mistake == "" and message.words
            assert "scnlib" not in message.words

    def test_has_names_and_hints_worth_reading(self, number):
        names = [mistake.name for mistake in CHECKED[number].mistakes]
        assert len(names) >= 2 and len(set(names)) == len(names)
        for mistake in CHECKED[number].mistakes:
            assert 15 <= len(mistake.hint) <= 250 and mistake.hint.rstrip("*")[-1] in ".?"


def labels_overwritten(p, labels, alpha, beta, margin):
    labels.copy_(CHECKED["07.1"].reference(p, labels, alpha, beta, margin))
    return labels


def accuracy_overwritten(accuracy, baseline):
    accuracy -= baseline
    return CHECKED["14.1"].reference(accuracy, torch.zeros_like(baseline))


@pytest.mark.parametrize(
    ("number", "answer", "name"),
    [("07.1", labels_overwritten, "labels"), ("14.1", accuracy_overwritten, "accuracy")],
)
def test_a_right_result_that_costs_the_arguments_is_not_yet_right(number, answer, name):
    message = check.ex(number, answer)
    assert message.state == "not yet" and f"`{name}` is not what it was" in message.words


def one_by_one(labels, num_classes, rate, seed):
    import random

    draw, noisy = random.Random(seed), labels.tolist()
    for c in range(num_classes):
        members = [i for i, label in enumerate(labels.tolist()) if label == c]
        for i in draw.sample(members, round(rate * len(members))):
            noisy[i] = draw.choice([k for k in range(num_classes) if k != c])
    return torch.tensor(noisy)


def corrupt_labels_positional(labels, num_classes, rate, seed):
    return corrupt_labels(labels, num_classes, rate, seed=seed)


def test_noise_may_be_made_in_any_right_way():
    assert check.ex("03.3", one_by_one).state == check.ex("03.3", corrupt_labels_positional).state == "passed"
    assert check.ex("03.3", sorted_halves).state == "passed"


@pytest.mark.parametrize("kept", [lambda rate, n: n - round(rate * n), lambda rate, n: round((1 - rate) * n)])
def test_a_rate_turned_round_is_no_coin(kept):
    exercise = import_module("scnlib.course.checks.lesson_03")
    assert check.ex("03.3", exercise._counted_by(kept)).mistake == "the rate of the labels that stay"


@pytest.mark.parametrize(("number", "guess"), [("03.2", 83.3), ("07.3", 0.03), ("04.2", 70)])
def test_a_right_number_in_another_unit_gets_a_word_on_units(number, guess):
    assert check.ex(number, guess).words.startswith("The digits are right, the unit is not")


@pytest.mark.parametrize(
    ("number", "guesses"),
    [("03.2", (0.83, 0.8333)), ("06.2", (0.0175, 0.018)), ("07.3", (3, 3.0)), ("14.2", (1.2, 1.21))],
)
def test_a_rounded_number_passes(number, guesses):
    assert {check.ex(number, guess).state for guess in guesses} == {"passed"}


def logarithms_by_gather(logits, labels, q):
    p = torch.log_softmax(logits, -1).gather(1, labels[:, None])
    return ((1 - p**q) / q).mean()


def wrong_softmax_by_gather(logits, labels, q):
    p = logits.softmax(0).gather(1, labels[:, None])
    return ((1 - p.pow(q)) / q).mean()


def places_for_ranks(first, second, share):
    count = int(share * len(first))
    return second.argsort() < count, first.argsort() < count


def gains(accuracy, baseline, degrees=-1, pair=lambda accuracy, baseline: accuracy - baseline):
    from scipy.stats import t

    m, n = accuracy.shape
    differences = pair(accuracy, baseline)
    half = t.ppf(1 - 0.05 / m / 2, n + degrees) * differences.std(dim=1) / n**0.5
    middle = differences.mean(dim=1)
    return torch.stack([middle, middle - half, middle + half], dim=1).float()


def verdict(differences, limit, k, degrees=-1, spread=1):
    from scipy.stats import t

    n = len(differences)
    if n == 1:
        return "undecided"
    middle, error = differences.mean().item(), differences.numpy().std(ddof=spread) / n**0.5
    if middle - t.ppf(0.975, n + degrees) * error > limit:
        return "held"
    return "not held" if middle + t.ppf(1 - 0.05 / k / 2, n + degrees) * error < limit else "undecided"


@pytest.mark.parametrize(
    ("number", "answer", "name"),
    [
        ("13.1", logarithms_by_gather, "the logarithm of p"),
        ("13.1", wrong_softmax_by_gather, "a softmax over the batch"),
        ("13.2", places_for_ranks, "places taken for ranks"),
        ("14.1", gains, ""),
        ("14.1", lambda a, b: gains(a, b, degrees=0), "n degrees of freedom"),
        ("14.1", lambda a, b: gains(a, b, pair=lambda a, b: a - b.mean()), "a gain over the baseline's mean"),
        ("15.1", verdict, ""),
        ("15.1", lambda *case: verdict(*case, spread=0), "a spread with n in its denominator"),
        ("15.1", lambda *case: verdict(*case, degrees=0), "n degrees of freedom"),
    ],
)
def test_a_mistake_as_students_write_it(number, answer, name):
    message = check.ex(number, answer)
    assert (message.state, message.mistake) == ("not yet" if name else "passed", name), message


def test_an_option_may_be_named_by_its_word():
    assert check.ex("15.2", "Not held").state == check.ex("15.2", "b").state == "passed"
    assert check.ex("15.2", "undecided").mistake == check.ex("15.2", "c").mistake != ""


@pytest.mark.parametrize(("number", "level"), [("09.1", lambda m: 0.05), ("14.1", lambda m: 0.05 / m)])
def test_a_quantile_from_a_printed_table_is_good_enough(number, level):
    from scipy.stats import t

    def gains(ours, baseline, digits=3):
        differences = ours - baseline
        quantile = round(t.ppf(1 - level(len(ours)) / 2, len(baseline) - 1), digits)
        middle, half = differences.mean(-1), quantile * differences.std(-1) / len(baseline) ** 0.5
        return torch.stack([middle, middle - half, middle + half], dim=-1)

    assert check.ex(number, gains).state == "passed"
    assert "where" in check.ex(number, lambda *a: gains(*a, digits=1)).words


def sorted_halves(labels, num_classes, rate, seed):
    """Right, and by its own way: all labels are shuffled, then sorted by class."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    order = order[labels[order].argsort(stable=True)]
    noisy, begin = labels.clone(), 0
    for n in torch.bincount(labels, minlength=num_classes).tolist():
        chosen = order[begin : begin + round(rate * n)]
        steps = torch.randint(1, num_classes, (len(chosen),), generator=generator)
        noisy[chosen] = (labels[chosen] + steps) % num_classes
        begin += n
    return noisy


def begun_again_for_steps_too(labels, num_classes, rate, seed):
    noisy = labels.clone()
    for c in range(num_classes):
        generator = torch.Generator().manual_seed(seed)
        members = (labels == c).nonzero().flatten()
        chosen = members[torch.randperm(len(members), generator=generator)[: round(rate * len(members))]]
        noisy[chosen] = (c + torch.randint(1, num_classes, (len(chosen),), generator=generator)) % num_classes
    return noisy


def last_class_left_out(labels, num_classes, rate, seed):
    return torch.where(labels == num_classes - 1, labels, corrupt_labels(labels, num_classes, rate, seed=seed))


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (begun_again_for_steps_too, "a generator that begins again in each class"),
        (last_class_left_out, "a class that is left out"),
        (lambda labels, *others: labels.clone(), "labels that stay as they were"),
    ],
)
def test_noise_that_is_not_random_or_not_there_is_called_by_its_name(answer, mistake):
    assert check.ex("03.3", answer).mistake == mistake


def normal_above(x):
    return 0.5 * math.erfc(x / math.sqrt(2))


@pytest.mark.parametrize(
    ("number", "truth"),
    [
        ("01.2", "c"),
        ("02.2", 1 / 8),
        ("03.2", 5 / 6),
        ("04.2", 0.7),
        ("05.3", "b"),
        ("06.2", 0.0175),
        ("07.3", 3.0),
        ("08.2", 0.5),
        ("09.2", 12),
        ("09.3", 18 * normal_above(1)),
        ("10.2", (60 * 90 + (60 * 40 + 10 * 90) / 2) / (70 * 130)),
        ("11.2", 0.25),
        ("11.3", 1.16296 - 0.49502),  # expected order statistics of five normal numbers
        ("12.2", "c"),
        ("13.3", 0.01**0.7),
        ("14.2", 1.2),
        ("15.2", "b"),
    ],
)
def test_the_truth_of_a_prediction_by_another_way(number, truth):
    found = CHECKED[number].truth()
    assert found == truth if isinstance(truth, str) else found == pytest.approx(truth, abs=CHECKED[number].within / 2)


@pytest.mark.parametrize(("rate", "kind"), [(0.3, "symmetric"), (0.45, "pair")])
def test_the_expected_matrix_is_what_the_package_makes(rate, kind):
    true = torch.arange(8).repeat_interleave(4000)
    counts = confusion_matrix(true, corrupt_labels(true, 8, rate, kind), 8) / 4000
    torch.testing.assert_close(counts, CHECKED["03.1"].reference(8, rate, kind), rtol=0, atol=0.015)


def test_an_exercise_notebook_runs_through_papermill(tmp_path):
    path = notebooks_dir() / "solutions" / "06_rank_regularisation.ipynb"
    command = [sys.executable, "-m", "papermill", str(path), str(tmp_path / "out.ipynb"), "-k", "python3"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "IPYTHONDIR": str(tmp_path / "ipython")}
    finished = subprocess.run([*command, "--no-progress-bar"], capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr[-2000:]
    outputs = [o for cell in json.loads((tmp_path / "out.ipynb").read_text())["cells"] for o in cell.get("outputs", [])]
    shown = ["".join(output["data"]["text/markdown"]) for output in outputs if "data" in output]
    assert shown[0].startswith("**06.1: passed ✓.** ")


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.stem)
class TestQuiz:
    def test_five_questions_with_one_right_option_and_a_reason_for_each(self, path):
        questions = quizzes.read(path)
        assert len(questions) == 5 and len({question.ask for question in questions}) == 5
        for question in questions:
            assert question.ask.endswith("?")
            assert 3 <= len(question.options) <= 4
            assert sum(option.right for option in question.options) == 1
            assert len({option.say for option in question.options}) == len(question.options)
            for option in question.options:
                assert len(option.because.split()) >= 6 and option.because.endswith(".")
                assert option.say and option.say != option.because

    def test_stands_at_the_end_of_its_notebook_and_reads_as_text(self, path):
        *_, title, one, two, three, four, five = texts(path)
        assert title == "## Quiz\n\nOne option of each is right. Decide before you unfold the reasons."
        for number, text in enumerate((one, two, three, four, five), start=1):
            assert text.startswith(f"### Question {number}\n\n")
            before, folded = text.split("<details>\n<summary>")
            assert "right" not in before.split("- **A.**")[0] or "?" in before
            assert folded.endswith("\n\n</details>") and folded.count(" is right.**") == 1

    def test_lesson_and_notebook_link_to_each_other(self, path):
        lesson = (notebooks_dir() / "source" / f"{path.stem}.py").read_text(encoding="utf-8")
        assert f"](exercises/{path.stem}.ipynb)" in lesson[lesson.index("\n# ## Exercises") :]
        assert f"](../{path.stem}.ipynb)" in texts(path)[0]

    def test_neither_place_nor_length_betrays_the_answer(self, path):
        places, longest = [], 0
        for question in quizzes.read(path):
            lengths = [len(option.say) for option in question.options]
            place = next(i for i, option in enumerate(question.options) if option.right)
            places.append(place)
            longest += lengths[place] == max(lengths)
        assert len(set(places)) >= 3 and max(map(places.count, places)) <= 2, places
        assert longest <= 3

    def test_holds_no_number_that_a_measurement_could_contradict(self, path):
        for question in quizzes.read(path):
            text = " ".join([question.ask, *(option.say + option.because for option in question.options)])
            assert question.source or not re.search(r"\d[.,]\d", text), question.ask
