"""LaTeX becomes Unicode, which Discord shows; prices and the like are no LaTeX."""

import re
from collections.abc import Callable, Iterator

from telegramify_markdown.latex_escape.helper import LatexToUnicodeHelper

from adapters.platforms.discord.page import Edit, Page
from adapters.platforms.discord.plain import escaped

COMMAND = re.compile(r"\\[A-Za-z,;:%{]")
RELATION = re.compile(r"[=^_<>]")
PROSE = re.compile(r"[a-z]{3}|[A-Z]{4}|[€£¥]|[^\w)\]}'!%|]$")
IN_BRACES = re.compile(r"\{[^{}]+\}")
TO_UNICODE: Callable[[str], str] = LatexToUnicodeHelper().convert


def formulas(page: Page) -> Iterator[Edit]:
    """The formulas between dollar signs."""
    for math in page.nodes["InlineMath"]:
        tex = page.at(math)[1:-1]
        is_glued = page.source[: math.start][-1:].isalnum() and tex[0] not in "_^\\"
        is_price = page.source[math.end : math.end + 1].isdigit() or is_glued
        if not is_price and _is_math(tex):
            yield Edit(math.start, math.end, _formula(tex, page.margin(math.start)))
    for math in page.nodes["DisplayMath"]:
        margin = page.margin(math.start)
        tex = _unquoted(page.at(math)[2:-2], margin)
        if "=" in tex or _is_math(tex):
            yield Edit(math.start, math.end, _formula(tex, margin))


def in_brackets(tex: str, margin: str, *, inline: bool) -> str | None:
    r"""What to show for what stands between \( and \), if `inline`, or \[ and \]; None where that is no formula."""
    tex = _unquoted(tex, margin)
    is_formula = COMMAND.search(tex) or RELATION.search(tex) or (inline and not tex[:1].isdigit())
    return _formula(tex, margin) if is_formula and _is_math(tex) else None


def _is_math(tex: str) -> bool:
    """Whether this is mathematics and not what stands between two prices."""
    if COMMAND.search(tex):
        return True
    bare = IN_BRACES.sub("{}", tex)
    is_amount = bare[:1].isdigit() and " " in bare and not RELATION.search(bare)
    return not is_amount and not PROSE.search(bare)


def _unquoted(tex: str, margin: str) -> str:
    """The formula without the signs of the quote that it stands in."""
    return re.sub(r"\n[ \t]*>", "\n", tex).strip() if ">" in margin else tex.strip()


def _formula(tex: str, margin: str) -> str:
    return f"\n{margin}".join(map(escaped, _unicode(tex).splitlines()))


def _unicode(tex: str) -> str:
    """The formula in Unicode; as it was written, if its braces do not match."""
    tex = " ".join(tex.split())
    bare = re.sub(r"\\[{}]", "", tex)
    if bare.count("{") != bare.count("}"):
        return tex
    lines = TO_UNICODE(tex).splitlines()
    return "\n".join(filter(None, map(str.strip, lines))) or tex
