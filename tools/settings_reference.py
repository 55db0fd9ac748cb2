"""Writes `.env.example` and docs/settings.md from the fields of all settings: python -m tools.settings_reference."""

from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.adapter_settings import AdapterSettings
from bot.configuration import bot_settings_class

ROOT = Path(__file__).parents[1]
EXAMPLE, PAGE = ROOT / ".env.example", ROOT / "docs" / "settings.md"
EXAMPLE_HEAD = """\
# Every setting with its default. Copy this file to .env and fill in what you need;
# a variable of the environment wins over the file. `python -m bot check` looks it over.
"""
PAGE_HEAD = """\
# Settings

Every setting with its default. The bot reads them from the environment and from `.env`; the environment wins.
`python -m bot check` looks them over. This page is written by `python -m tools.settings_reference`.
"""
HEADINGS = {"bot_model": "The bot", "bot_admins": "People and limits", "web_host": "The web server"}  # by first field


def fields() -> dict[str, FieldInfo]:
    """Return every field of the settings by its name, in the order in which they are documented."""
    return {name: field for section in sections().values() for name, field in section.items()}


def sections() -> dict[str, dict[str, FieldInfo]]:
    """Return the fields by the heading below which they are documented; what several adapters share comes last."""
    found: dict[str, dict[str, FieldInfo]] = {}
    for plugin in (*PLATFORMS.values(), *PROVIDERS.values()):
        for title, own in _by_class(plugin.settings_class):
            found.pop(title, None)
            found[title] = own
    heading = ""
    for name, field in bot_settings_class().model_fields.items():
        heading = HEADINGS.get(name, heading)
        if not field.exclude:  # it is of an earlier version
            found.setdefault(heading, {})[name] = field
    return found


def example() -> str:
    """Return what `.env.example` has to read."""
    lines = [f"\n# {field.description}\n{name.upper()}={default(field)}" for name, field in fields().items()]
    return "\n".join([EXAMPLE_HEAD.rstrip(), *lines]) + "\n"


def page() -> str:
    """Return what docs/settings.md has to read."""
    parts = [PAGE_HEAD]
    for heading, section in sections().items():
        parts.append(f"\n## {heading}\n\n| Variable | Default | What it does |\n| --- | --- | --- |\n")
        for name, field in section.items():
            shown = f"`{default(field)}`" if default(field) else ""
            parts.append(f"| `{name.upper()}` | {shown} | {field.description} |\n")
    return "".join(parts)


def default(field: FieldInfo) -> str:
    """Return a setting's default as it is written in `.env`; empty where it has none or is a secret."""
    if field.default in (None, ()) or "SecretStr" in str(field.annotation):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def _by_class(kind: type[AdapterSettings]) -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    """Yield the fields of the class, then those of each class that it extends, by their titles."""
    for owner in kind.__mro__:
        if issubclass(owner, AdapterSettings) and owner.model_fields:
            inherited = {name for base in owner.__bases__ for name in getattr(base, "model_fields", {})}
            own = {
                name: field for name, field in owner.model_fields.items() if not (name in inherited or field.exclude)
            }
            if own:
                yield owner.title, own


if __name__ == "__main__":
    EXAMPLE.write_text(example(), "utf-8")
    PAGE.write_text(page(), "utf-8")
