"""The set-up in the terminal: asks, tests each token and key, and writes `.env`."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.operations.set_up.env_file import write_env
from bot.operations.set_up.service_trials import (
    ACCESS,
    LIMITS,
    MODEL,
    ServiceToSetUp,
    ServiceTrial,
    complete,
    list_services,
    try_service,
)
from bot.settings import SettingsError

Ask = Callable[[str], str]
"""Asks for a line; EOFError where nobody can answer any more."""

SHOWN = 8  # models


@dataclass(kw_only=True)
class TerminalSetUp:
    """One run through the questions."""

    ask: Ask
    ask_secret: Ask  # without an echo
    write: Callable[[str], object]
    values: dict[str, str] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)

    def run(self, file: Path) -> bool:
        """Ask for everything and write the file; return False if the one that is there shall stay as it is."""
        replace = file.exists()
        if replace and not self._confirms(f"There is a {file} already. Change it? Its other lines stay. [y/N] "):
            self.write(f"{file} stays as it is.")
            return False
        self.write("Every token and key is tested as soon as you paste it. Enter skips a question.")
        for service in list_services():
            self._ask_for(service)
        self._ask_model()
        self._ask_access()
        for variable, title in LIMITS.items():
            self._ask_limit(variable, title)
        write_env(file, complete(self.values), replace=replace)
        self.write(f"{file} is written; only your account can read it.")
        return True

    def _ask_for(self, service: ServiceToSetUp) -> None:
        """Ask until the service accepts what was pasted, or the question is skipped."""
        self.write(f"\n{service.title}" + (f" (from {service.hint})" if service.hint else ""))
        while values := self._ask_values(service):
            trial = asyncio.run(try_service(service, {**self.values, **values}))
            self._show(trial)
            if trial.is_usable:
                self.values |= values
                self.models += trial.models
                return

    def _ask_values(self, service: ServiceToSetUp) -> Mapping[str, str]:
        addresses = {variable: self.ask(f"  {variable}: ").strip() for variable in service.addresses}
        secret = {service.key: self.ask_secret(f"  {service.key}, which is not shown: ").strip()}
        return {variable: value for variable, value in {**addresses, **secret}.items() if value}

    def _ask_model(self) -> None:
        if not self.models:
            return
        self.write("\nThe model that answers. These see photos:")
        self.write("  " + "\n  ".join(self.models[:SHOWN]) + ("\n  ..." if len(self.models) > SHOWN else ""))
        while (model := self.ask(f"  {MODEL} [{self.models[0]}]: ").strip() or self.models[0]) not in self.models:
            self.write(f"  {model} is none of them.")
        self.values[MODEL] = model

    def _ask_access(self) -> None:
        self.write("\nWho may use it?\n  1  people, servers and groups that you let in\n  2  everybody")
        while (choice := self.ask("  1 or 2 [1]: ").strip() or "1") not in ("1", "2"):
            self.write("  Type 1 or 2.")
        self.values[ACCESS] = {"1": "paired", "2": "open"}[choice]

    def _ask_limit(self, variable: str, title: str) -> None:
        while True:
            number = self.ask(f"  {title} [no limit]: ").strip()
            try:
                complete({**self.values, variable: number})
            except SettingsError as error:
                self.write(f"  {error}")
                continue
            self.values |= {variable: number} if number else {}
            return

    def _show(self, trial: ServiceTrial) -> None:
        for finding in trial.findings:
            self.write(f"  {finding}")

    def _confirms(self, question: str) -> bool:
        return self.ask(question).strip().lower() in ("y", "yes")
