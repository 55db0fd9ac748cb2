"""Checks the address and the key of an OpenAI-compatible service, without a question that costs anything.

A list of models proves little: some are public, and some services have none. There a question without messages
decides, because a service looks at the path first, then at the key, and at the question last.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from adapters.providers.error_rules import MAX_ERROR_BYTES, ServiceFailure, is_success, parse_failure
from adapters.providers.openai.errors import to_bot_error
from bot.errors import BotError, FailureCode, Refused, WrongAddress
from bot.util.http import Http, Reply, read_capped

QUESTIONS = "chat/completions"
NOT_THERE = (404, 405, 410)
GOOD = (400, 422)  # the question is at fault, and nothing before it
DEPLOYMENTS, AZURE_VERSION = "/openai/deployments/", "api-version=2024-10-21"  # Azure's classic addresses need it
MAX_TRIED = 24  # other addresses

_ANSWERS = (b"{", b"[", b"d", b":")  # the beginnings of JSON and of a stream; a page begins otherwise

# The ends of addresses that people paste although they belong to a single endpoint, and those that they forget.
_PASTED = re.compile(
    r"/(?:chat/completions|completions|responses|embeddings|models|api/(?:generate|chat|tags)|images/generations)/*$"
)
_FORGOTTEN = ("/v1", "/api/v1", "/openai/v1", "/api", "/v1beta/openai", "/compatible-mode/v1")

# How services say that there is nothing at a path. LM Studio says so with status 200.
_NO_SUCH_PATH = re.compile(
    r"not[ _-]?found|invalid url|unknown (?:request )?(?:url|path|endpoint|route|method)|unexpected endpoint"
    r"|no (?:such )?(?:route|path|endpoint)|cannot (?:get|post)|does(?: not|n't) exist|not allowed",
    re.IGNORECASE,
)

# These tell that the address is right: somebody there knows what a question is.
_FROM_THE_SERVICE = (
    FailureCode.PROVIDER_WRONG_KEY,
    FailureCode.PROVIDER_NO_CREDITS,
    FailureCode.PROVIDER_RATE_LIMITED,
    FailureCode.PROVIDER_UNKNOWN_MODEL,
    FailureCode.PROVIDER_NO_DEPLOYMENT,
    FailureCode.PROVIDER_NOT_ALLOWED,
    FailureCode.PROVIDER_REGION,
)


@dataclass(frozen=True, slots=True)
class EmptyQuestion:
    """A question without messages, which costs nothing and tells whether the address and the key are good."""

    provider: str  # as in the models that people name: provider/model
    service: str  # as the log calls it
    model: str  # its id

    async def check(self, http: Http, open_client: Callable[[str], Http]) -> None:
        """Ask it. Raises WrongAddress, with a better one if there is one, or the error about the key or the model.

        Raises Refused (provider_unverified) where the reply proves nothing.
        """
        location = await self._ask(http)
        if location is None:
            return
        for address in [location, *other_addresses(http.url)]:
            if address and await self._is_taken_at(address, open_client):
                raise WrongAddress(address)
        raise WrongAddress

    async def _is_taken_at(self, address: str, open_client: Callable[[str], Http]) -> bool:
        try:
            async with open_client(address) as http:
                return await self._ask(http) is None
        except BotError as error:
            return error.code in _FROM_THE_SERVICE

    async def _ask(self, http: Http) -> str | None:
        """Return None where the address and the key are good.

        Where nothing takes questions, return the address that the reply points to, or an empty text.
        """
        question = {"model": self.model, "messages": [], "max_tokens": 1}
        async with http.stream("POST", QUESTIONS, json=question) as reply:
            return self._judge(reply, await _read_start(reply))

    def _judge(self, reply: Reply, body: bytes) -> str | None:
        status = reply.status_code
        if 300 <= status < 400:
            return _PASTED.sub("", urljoin(str(reply.url), reply.headers.get("location", "")).partition("?")[0])
        failure = parse_failure(status, body, reply.headers)
        if is_success(reply):
            is_answer = body.lstrip()[:1] in _ANSWERS and not (body.lstrip()[:1] == b"{" and _is_no_path(failure))
            return None if is_answer else ""
        error = to_bot_error(failure, f"{self.provider}/{self.model}", self.service)
        if error.code in _FROM_THE_SERVICE:
            raise error
        if status in NOT_THERE and _is_about_path(failure):
            return ""
        if status in GOOD and error.code not in (FailureCode.PROVIDER_BLOCKED, FailureCode.PROVIDER_NONSENSE):
            return None
        raise _correct(error, status)


def _is_about_path(failure: ServiceFailure) -> bool:
    """Tell whether a 404 is about the path; a service that knows it may say it of something in the question."""
    is_its_own = bool(failure.code and failure.code != "HTML" and failure.message)
    return not is_its_own or _is_no_path(failure)


def _is_no_path(failure: ServiceFailure) -> bool:
    return _NO_SUCH_PATH.search(f"{failure.code} {failure.message}") is not None


def _correct(error: BotError, status: int) -> BotError:
    if status == 403 and error.code is FailureCode.PROVIDER_BAD_REQUEST:
        return Refused(FailureCode.PROVIDER_WRONG_KEY)
    is_plain = status >= 500 or error.code in (FailureCode.PROVIDER_BAD_REQUEST, FailureCode.PROVIDER_UNSUPPORTED)
    return Refused(FailureCode.PROVIDER_UNVERIFIED) if is_plain else error


async def _read_start(reply: Reply) -> bytes:
    try:
        return await read_capped(reply, MAX_ERROR_BYTES)
    except BotError:  # long or packed: the status says enough
        return b""


async def is_list_public(http: Http, path: str, query: dict[str, str] | None) -> bool:
    """Tell whether the list of models is handed out to a client without a key."""
    async with http, http.stream("GET", path, params=query) as reply:
        return is_success(reply)


def other_addresses(url: str) -> Sequence[str]:
    """Return addresses that somebody may have meant who wrote this one, the likeliest first."""
    parts = urlsplit(url.rstrip("/"))
    path = _PASTED.sub("", parts.path)
    found = [urlunsplit(parts._replace(path=each, query="", fragment="")) for each in _paths(path.rstrip("/"))]
    if DEPLOYMENTS in path:
        found.insert(0, urlunsplit(parts._replace(path=path.rstrip("/"), query=AZURE_VERSION)))
    return [each for each in dict.fromkeys(found) if each.rstrip("/") != url.rstrip("/")][:MAX_TRIED]


def _paths(path: str) -> Iterator[str]:
    """Yield the path itself, then what may have been forgotten behind it and behind each of its parents."""
    yield path
    while True:
        yield from (path + end for end in _FORGOTTEN)
        if not path:
            return
        path = path.rpartition("/")[0]
        yield path
