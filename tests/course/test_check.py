"""What a check says: kind, short, by name, and never with a traceback of ours."""

import pytest
import torch

from scnlib.course import check, checks
from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.losses import rank_regularization


def gap_times_two(alpha, beta, margin):
    """The package's loss, but for a factor: no mistake that has a name."""
    return 2 * rank_regularization(alpha, beta, margin)


def said(answer, number="06.1"):
    message = check.ex(number, answer)
    assert "Traceback" not in message.words and len(message.words) < 400
    return message


class TestFunction:
    def test_the_package_itself_passes_and_learns_something(self):
        message = said(rank_regularization)
        assert message.state == "passed" and message.mistake == ""
        assert repr(message).startswith("06.1: passed ✓. Two means")
        assert message._repr_markdown_().startswith("**06.1: passed ✓.** ")

    def test_what_is_untouched_is_not_attempted(self):
        def stub(alpha, beta, margin): ...

        for answer in (stub, lambda *_: ..., None, ...):
            message = said(answer)
            assert message.state == "not attempted"
            assert repr(message).startswith("06.1: not attempted yet. Replace the `...`")

    def test_an_error_is_told_with_its_line(self):
        def broken(alpha, beta, margin):
            count = int(beta * len(alpha))
            return alpha[count] / nothing  # noqa: F821

        words = said(broken).words
        assert words.startswith("It stops in its line 3: `return alpha[count] / nothing")
        assert "NameError: name 'nothing' is not defined" in words

    def test_an_error_in_a_helper_of_the_same_cell_is_told_with_the_helper_and_its_line(self):
        space = {}
        cell = "def mean_of(a):\n    return a.nothing\n\n\ndef answer(a, b, m):\n    return mean_of(a)\n"
        exec(compile(cell, "a cell", "exec"), space)
        words = said(space["answer"]).words
        assert words.startswith("`mean_of`, which it calls, stops in its line 2 with `AttributeError")

    def test_an_error_in_a_comprehension_is_told_with_the_line_of_the_function(self):
        def each(alpha, beta, margin):
            high = [value / nothing for value in alpha]  # noqa: F821
            return sum(high)

        assert said(each).words.startswith("It stops in its line 2: `high = [value / nothing")

    def test_an_error_below_the_students_code_is_told_with_the_students_line(self):
        def too_many(alpha, beta, margin):
            return torch.stack([alpha, alpha[:1]])

        assert said(too_many).words.startswith("It stops in its line 2: `return torch.stack")

    def test_wrong_arguments_and_things_that_are_no_function_are_named(self):
        assert "takes 1 positional argument but 3 were given" in said(lambda alpha: alpha).words
        assert "this is `0.5`. Give the function itself" in said(0.5).words

    def test_a_list_of_numbers_is_as_good_as_a_tensor(self):
        right = checks.exercise("05.1").reference
        assert said(lambda *a: right(*a).tolist(), "05.1").state == "passed"
        assert said(lambda *a: [0.0] * len(a[1]), "05.1").words.startswith("It is [0, 0] where ")
        assert said(lambda *a: [right(*a)] * 2, "05.1").words == "It returns 2 results where 1 should be."

    def test_a_list_of_one_number_is_as_good_as_a_tensor(self):
        right = checks.exercise("02.1").reference
        assert said(lambda votes: right(votes).tolist(), "02.1").state == "passed"
        assert "single number, of the shape ()" in said(lambda votes: right(votes)[0], "02.1").words

    def test_of_a_large_argument_the_row_is_shown_that_goes_wrong(self):
        words = said(lambda votes: votes.argmax(1), "02.1").words
        assert words == (
            "It is [0, 0, 1, 8, 2, 2] where [0, 0, -1, -1, -1, -1] is right, "
            "with votes[2] = [0, 5, 5, 0, 0, 0, 0, 0, 0, 0]."
        )

    def test_zero_has_no_sign(self):
        assert " where [0] is right" in said(lambda votes: votes.sum(1) / 1.0, "02.3").words

    def test_a_shape_is_named_on_the_smallest_input(self):
        words = said(lambda a, b, m: a).words
        assert words == "It has the shape (4,); a single number is wanted, of the shape ()."
        words = said(lambda *a: checks.exercise("12.3").reference(*a).sum(), "12.3").words
        assert words == "It is a single number, of the shape (); the shape (2, 3) is wanted."

    def test_a_value_is_shown_with_the_arguments_that_gave_it(self):
        words = said(gap_times_two).words
        assert words == (
            "It is 0.16 where 0.08 is right, with alpha = [0.52, 0.6, 0.5, 0.56], beta = 0.5, margin = 0.15."
        )

    def test_a_wrong_value_in_a_large_result_is_named_with_its_cell(self):
        def one_off(features, centres):
            right = checks.exercise("12.3").reference(features, centres).clone()
            if len(right) == 12:
                right[3, 5] = right[7, 0] = 0.5
            return right

        words = said(one_off, "12.3").words
        assert words.startswith("It is 0.5 at [3, 5] where ") and " is right, one of 2 wrong cells" in words

    def test_a_value_that_is_not_finite_is_named(self):
        def broken(*arguments):
            return checks.exercise("12.1").reference(*arguments) / 0

        assert "not finite" in said(broken, "12.1").words
        assert "not finite" in said(lambda *a: rank_regularization(*a) * float("nan")).words

    def test_a_missing_gradient_is_right_where_it_is_zero(self):
        def with_max(floor):
            def loss(alpha, beta, margin):
                ordered = alpha.sort(descending=True).values
                count = int(beta * len(alpha) + 1e-9)
                return max(floor, margin - (ordered[:count].mean() - ordered[count:].mean()))

            return loss

        for floor in (0, 0.0, torch.tensor(0.0)):
            assert said(with_max(floor)).state == "passed"

    def test_a_lost_gradient_is_named(self):
        for lost in (lambda *a: rank_regularization(*a).detach(), lambda *a: rank_regularization(*a).item()):
            assert said(lost).words.startswith("The value is right, but no gradient comes back")

    def test_a_wrong_gradient_behind_a_right_value_is_named(self):
        def half(alpha, beta, margin):
            loss = rank_regularization(alpha, beta, margin)
            return loss.detach() / 2 + loss / 2

        assert said(half).words.startswith("The value is right, its gradient in `alpha` is not: [")

    def test_a_gradient_that_comes_back_to_one_argument_only_is_named(self):
        loss = checks.exercise("08.1").reference

        def too_steep(logits, alpha, labels, gamma):
            return loss(logits, alpha, labels, gamma) + alpha.sum() - alpha.sum().detach()

        def to_alpha_only(logits, alpha, labels, gamma):
            return loss(logits.detach(), alpha, labels, gamma)

        assert said(loss, "08.1").state == "passed"
        assert said(too_steep, "08.1").words.startswith("The value is right, its gradient in `alpha` is not: [")
        words = said(to_alpha_only, "08.1").words
        assert words.startswith("The value is right, but no gradient comes back to `logits`. ")

    def test_what_was_rounded_too_early_is_shown_with_more_digits(self):
        exercise = Implement("Good.", (), lambda generator: [(torch.tensor(2.0),)], reference=torch.sqrt)
        words = exercise.examine(lambda x: x.sqrt().round(decimals=3)).words
        assert words == "It is 1.414 where 1.414214 is right (rounded too early?), with x = 2."
        assert exercise.examine(lambda x: 1.4).words == "It is 1.4 where 1.414 is right, with x = 2."

    def test_the_kind_of_number_and_the_count_of_results_are_named(self):
        def as_float(*arguments):
            return checks.exercise("07.1").reference(*arguments).float()

        assert said(as_float, "07.1").words == "It holds decimal numbers (float); whole numbers (int) are wanted."
        two = checks.exercise("04.1").reference
        assert said(lambda *a: two(*a)[:2], "04.1").words == "It returns 2 results where 3 should be."

    def test_an_argument_that_was_changed_is_named(self):
        def greedy(alpha, beta, margin):
            loss = rank_regularization(alpha, beta, margin)
            alpha.data.zero_()
            return loss

        message = said(greedy)
        assert message.state == "not yet" and said(rank_regularization).state == "passed"
        assert message.words.startswith("The result is right, but `alpha` is not what it was")

    def test_text_for_a_number_is_named(self):
        assert said(lambda *_: "0.07").words == "It returns `'0.07'`; a number or a tensor is wanted."

    def test_several_results_may_come_in_one_tensor(self):
        parts = checks.exercise("07.2").reference
        assert said(lambda *a: torch.stack(parts(*a)), "07.2").state == "passed"
        assert said(lambda *a: torch.stack(parts(*a)).numpy(), "07.2").state == "passed"
        assert said(lambda *a: torch.stack(parts(*a))[:3], "07.2").words == "It returns 3 results where 4 should be."

    def test_rows_may_come_as_a_list_and_several_results_in_one_table(self):
        matrix, two = checks.exercise("03.1").reference, checks.exercise("13.2").reference
        assert said(lambda *a: matrix(*a).tolist(), "03.1").state == "passed"
        assert said(lambda *a: list(matrix(*a)), "03.1").state == "passed"
        assert said(lambda *a: torch.stack(two(*a)), "13.2").state == "passed"
        assert said(lambda *a: torch.stack(two(*a)).tolist(), "13.2").state == "passed"
        words = said(lambda *a: list(matrix(*a))[:2], "03.1").words
        assert words == "It has the shape (2, 3); (3, 3) is wanted."

    def test_the_students_own_stars_are_left_in_the_text(self):
        assert "alpha ** 2" in repr(said(lambda alpha, beta, margin: (alpha**2).nothing))

    def test_numbers_of_numpy_and_python_are_as_good(self):
        assert said(lambda *a: float(checks.exercise("06.3").reference(*a)), "06.3").state == "passed"


class TestWords:
    EXERCISE = Implement(
        passed="Good.",
        reference=lambda x: "more" if x.mean() > 0 else "less",
        cases=lambda generator: [(torch.tensor([1.0, 2.0]),), (torch.tensor([-1.0, 0.5]),)],
        words=("more", "less"),
        mistakes=(Mistake("the last", lambda x: "more" if x[-1] > 0 else "less", "Take the mean."),),
    )

    def test_the_right_word_passes_and_a_wrong_one_is_named(self):
        assert self.EXERCISE.examine(self.EXERCISE.reference).state == "passed"
        assert self.EXERCISE.examine(lambda x: "more" if x[-1] > 0 else "less").mistake == "the last"
        words = self.EXERCISE.examine(lambda x: "less").words
        assert words == "It is 'less' where 'more' is right, with x = [1, 2]."

    def test_another_word_or_a_number_is_answered_with_those_that_there_are(self):
        for other, shown in (("many", "'many'"), (1, "1"), (torch.ones(2), "tensor([1., 1.])")):
            words = self.EXERCISE.examine(lambda x, other=other: other).words
            assert words == f"It returns `{shown}`; one of 'more', 'less' is wanted."
        assert self.EXERCISE.examine(lambda x: None).state == "not attempted"
        assert self.EXERCISE.examine(lambda x: ("more", "more")).words == "It returns 2 results where 1 should be."

    def test_an_argument_that_was_changed_is_named(self):
        def greedy(x):
            word = self.EXERCISE.reference(x)
            x.zero_()
            return word

        assert "`x` is not what it was" in self.EXERCISE.examine(greedy).words


class TestWithoutReference:
    EXERCISE = Implement(
        passed="Good.",
        cases=lambda generator: [(torch.rand(3, generator=generator),)],
        mistakes=(Mistake("too large", lambda x: x + 1, "Smaller.", shows=lambda f: float(f(torch.ones(1))) > 1),),
    )

    def test_whatever_makes_no_mistake_passes(self):
        assert self.EXERCISE.examine(lambda x: x / 2).state == "passed"
        assert self.EXERCISE.examine(lambda x: x + 1).mistake == "too large"

    def test_an_error_on_another_input_is_no_pass(self):
        finding = self.EXERCISE.examine(lambda x: x if len(x) == 3 else x[5])
        assert finding.state == "not yet" and "IndexError" in finding.words


class TestGuess:
    NUMBER = Predict(truth=lambda: 0.7, passed="So.", hint="Count.", mistakes=(Mistake("the rest", 0.3, "Turn it."),))
    CHOICE = Predict(truth=lambda: "b", passed="So.", mistakes=(Mistake("the first", "a", "Look."),))

    def test_a_number_near_enough_is_right_in_any_dress(self):
        for answer in (0.7, 0.702, 0.695, 0.705, torch.tensor(0.7), "0.7"):
            assert self.NUMBER.examine(answer).state == "passed"

    def test_a_known_and_an_unknown_wrong_number(self):
        assert self.NUMBER.examine(0.3).mistake == "the rest"
        assert self.NUMBER.examine(0.5).words == "Count."
        assert self.NUMBER.examine("much").words == "A number is wanted, and this is `'much'`."
        assert self.NUMBER.examine(torch.ones(2)).state == self.NUMBER.examine([1]).state == "not yet"

    def test_a_right_number_in_a_wrong_unit_is_told_so(self):
        assert self.NUMBER.examine(70).words == "The digits are right, the unit is not: a share of 1, not percent."
        points = Predict(truth=lambda: 3.0, passed="So.", hint="Count.", mistakes=self.NUMBER.mistakes)
        assert points.examine(0.03).words == "The digits are right, the unit is not: points (percent), not a share."

    def test_a_choice_is_one_of_those_given(self):
        assert self.CHOICE.examine(" B ").state == "passed"
        assert self.CHOICE.examine("a").mistake == "the first"
        for answer in ("c", 2, [1], torch.ones(2)):
            assert self.CHOICE.examine(answer).words == "Answer with one of 'a', 'b'."
        assert self.CHOICE.examine(...).state == "not attempted"


def test_an_unknown_number_is_named_with_those_that_there_are():
    for number, words in {
        "06.9": "lesson 06 has 06.1, 06.2, 06.3",
        "99.1": "write it like '06.1'",
        "": "write it",
    }.items():
        try:
            check.ex(number, ...)
        except ValueError as error:
            assert words in str(error)
        else:
            raise AssertionError(number)


@pytest.mark.parametrize("number", ["6.1", "06", "06.9", 6.1, "../x"])
def test_an_unknown_number_is_told_how_numbers_are_written(number):
    with pytest.raises(ValueError, match="there is no exercise"):
        check.ex(number, 1.0)
