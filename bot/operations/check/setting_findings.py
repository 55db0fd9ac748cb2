"""Findings about the variables themselves: unknown names, values that were trimmed, ids of no platform, the folder."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from bot.adapter_settings import trim
from bot.operations.check.findings import NOTE, WARN, WRONG, Finding
from bot.operations.file_rights import readable_by_others
from bot.settings import Settings, Variables

NEAR = 0.8  # similarity of two names, from 0 to 1, from which one may have been meant as the other
# What other bots call these in their .env, where a name alone would not tell.
NAMES_ELSEWHERE: Mapping[str, str] = {
    "BOT_TOKEN": "TELEGRAM_TOKEN or DISCORD_TOKEN",
    "TOKEN": "TELEGRAM_TOKEN or DISCORD_TOKEN",
    "API_KEY": "ONEMIN_API_KEY or OPENAI_API_KEY",
    "MODEL": "BOT_MODEL",
    "OPENAI_MODEL": "BOT_MODEL",
    "OPENAI_BASE": "OPENAI_API_URL",
    "OLLAMA_HOST": "OPENAI_API_URL",
    "OLLAMA_BASE_URL": "OPENAI_API_URL",
}
NEAR_IN_FILE = 0.7  # the same in .env, which is for Snapthread only


def describe_faults(faults: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each line of `read_usable_settings`."""
    for fault in faults:
        variable, colon, sentence = fault.partition(": ")
        is_named = bool(colon) and variable.isupper()
        yield Finding(WRONG, variable if is_named else "settings", f"{sentence if is_named else fault}{_how(fault)}")


def _how(fault: str) -> str:
    return "; .env.example explains each variable." if re.match(r"\w+: (?:it should|each needs)", fault) else "."


def faulty_variables(faults: Collection[str]) -> set[str]:
    """Return the names of the variables that have their defaults, because their values are wrong."""
    return {fault.partition(":")[0] for fault in faults}


def find_odd_variables(variables: Variables, known: Collection[str]) -> Iterator[Finding]:
    """Yield what is odd about names and values; `known` are the names of all variables, in capital letters."""
    prefixes = {name.partition("_")[0] for name in known}
    values = {**variables.environment, **variables.file}
    for name, value in sorted(values.items()):
        if name in known:
            if value != trim(value):
                remark = "blanks, line breaks or quotation marks around its value were left out. Write it without them."
                yield Finding(NOTE, name, remark)
            continue
        in_file = name in variables.file
        near = get_close_matches(name, known, 1, NEAR_IN_FILE if in_file else NEAR)
        if in_file and name in NAMES_ELSEWHERE:
            near = [NAMES_ELSEWHERE[name]]
        if near and near[0] not in values:
            yield Finding(WARN, name, f"there is no such variable. Did you mean {near[0]}?")
        elif in_file and not near and name.partition("_")[0] in prefixes:
            remark = "there is no such variable. Look it up in .env.example, or delete it."
            yield Finding(WARN, name, remark)


def endpoint_variables(services: Collection[str]) -> set[str]:
    """Return the variables that the services which are known by name would have."""
    return {f"{name.upper()}_{end}" for name in services for end in ("API_KEY", "API_URL")}


def find_unnamed_endpoints(
    variables: Variables, known: Collection[str], services: Collection[str]
) -> Iterator[Finding]:
    """Yield variables in the file of services that BOT_ENDPOINTS does not name."""
    for name in sorted(services):
        unused = [each for each in sorted(endpoint_variables([name]) - set(known)) if each in variables.file]
        for variable in unused:
            remark = f"it is not used: BOT_ENDPOINTS does not name {name}. Write the name there, or delete this one."
            yield Finding(WARN, variable, remark)


def find_unknown_platforms(settings: Settings, platforms: Collection[str]) -> Iterator[Finding]:
    """Yield ids of people and places that no platform will ever have."""
    for field in ("bot_admins", "bot_allow", "bot_deny"):
        for subject in getattr(settings, field):
            platform = subject.partition(":")[0]
            if platform in platforms:
                continue
            near = get_close_matches(platform, platforms, 1) or sorted(platforms)
            remark = (
                f"there is no platform called {platform}, so {subject} is nobody. Write {' or '.join(near)} in front."
            )
            yield Finding(WARN, field.upper(), remark)


def find_open_secrets() -> Iterator[Finding]:
    """Yield a warning where other accounts can read the file with the secrets."""
    file = str(Settings.model_config.get("env_file"))
    if readable_by_others(Path(file)):
        remark = f"other accounts on this machine can read your tokens and keys in it. Run: chmod 600 {file}"
        yield Finding(WARN, file, remark)


def find_unusable_folder(folder: Path) -> Iterator[Finding]:
    """Yield what keeps the bot from writing its files into the folder, which need not exist yet."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), Path("/"))
    if not there.is_dir():
        yield Finding(WRONG, "BOT_DATA", f"{there} is a file. Set BOT_DATA to a folder, or move the file away.")
    elif not os.access(there, os.W_OK | os.X_OK):
        remark = f"the bot may not write into {there}. Give it the right to, or set BOT_DATA to another folder."
        yield Finding(WRONG, "BOT_DATA", remark)
