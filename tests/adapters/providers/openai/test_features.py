"""What a model does not take is left out from then on, once it has answered without it."""

from adapters.providers.openai.model_quirks import FIGURES, SYSTEM, TEMPERATURE, ModelQuirks


def test_what_is_learned_holds_for_that_model() -> None:
    habits = ModelQuirks()
    habits.learn("gemma", frozenset({SYSTEM}))
    habits.learn("gemma", frozenset({SYSTEM, TEMPERATURE}))

    assert habits.without("gemma") == {SYSTEM, TEMPERATURE}
    assert habits.without("gpt-4o") == frozenset()


def test_figures_are_a_matter_of_the_endpoint() -> None:
    habits = ModelQuirks()
    habits.learn("gemma", frozenset({SYSTEM, FIGURES}))

    assert habits.without("gpt-4o") == {FIGURES}
    assert habits.without("gemma") == {SYSTEM, FIGURES}
