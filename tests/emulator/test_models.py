from emulator.models import MODELS, listing


def test_the_snapshot_is_whole() -> None:
    assert sum(model.sees for model in MODELS.values()) == 38
    assert listing("CHAT_WITH_IMAGE")["total"] == 23
    assert listing("UNIFY_CHAT_WITH_AI")["total"] == len(MODELS)


def test_a_row_tells_prices_where_they_are_known() -> None:
    row = MODELS["gpt-4o"].row
    assert row["creditMetadata"] == {"INPUT": 2.5, "OUTPUT": 10, "CONTEXT": 128000, "LOW_IMAGE": 425}
    assert row["name"] == "GPT-4o" and row["modality"]["INPUT"] == ["text", "image"]
    assert MODELS["o3-mini"].row["creditMetadata"] is None


def test_an_unknown_feature_has_no_models() -> None:
    assert listing("") == listing("RAIN") == {"models": [], "total": 0}
