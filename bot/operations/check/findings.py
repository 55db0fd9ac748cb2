"""A finding of the check: its verdict, the part it is about, and a sentence that ends with what to do."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "note", "warn", "maybe", "WRONG"]
OK: Verdict = "ok"
NOTE: Verdict = "note"  # works, and is worth knowing
WARN: Verdict = "warn"  # works, but not as safely as it could
MAYBE: Verdict = "maybe"  # could not be verified
WRONG: Verdict = "WRONG"  # does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about one part; `part` is a variable, or a word such as port."""

    verdict: Verdict
    part: str
    remark: str

    def __str__(self) -> str:
        return f"{self.verdict:5}  {self.part}: {self.remark}"


def conclude(findings: list[Finding]) -> str:
    """Sum the findings up in a sentence."""
    wrong, unsure, warned = (sum(each.verdict == verdict for each in findings) for verdict in (WRONG, MAYBE, WARN))
    if wrong:
        return f"{wrong} to fix."
    if unsure:
        return f"Nothing is broken as far as could be checked; {unsure} could not be verified."
    return f"It will run. {warned} to think about." if warned else "All is well."
