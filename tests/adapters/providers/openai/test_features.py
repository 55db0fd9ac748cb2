"""What a model does not take is left out from then on, once it has answered without it."""

from adapters.providers.openai.model_quirks import INCLUDE_USAGE, SYSTEM, TEMPERATURE, ModelQuirks


def test_what_is_learned_holds_for_that_model() -> None:
    habits = ModelQuirks()
    habits.remember("gemma", frozenset({SYSTEM}))
    habits.remember("gemma", frozenset({SYSTEM, TEMPERATURE}))

    assert habits.unsupported_features("gemma") == {SYSTEM, TEMPERATURE}
    assert habits.unsupported_features("gpt-4o") == frozenset()


def test_figures_are_a_matter_of_the_endpoint() -> None:
    habits = ModelQuirks()
    habits.remember("gemma", frozenset({SYSTEM, INCLUDE_USAGE}))

    assert habits.unsupported_features("gpt-4o") == {INCLUDE_USAGE}
    assert habits.unsupported_features("gemma") == {SYSTEM, INCLUDE_USAGE}
