"""Findings about services: the tokens of platforms, the access to providers, and the models."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from bot.chat_platform import ChatAdapter
from bot.commands.model_choice import Known, known_models
from bot.errors import BotError, FailureCode, WrongAddress
from bot.operations.check.findings import MAYBE, NOTE, OK, WARN, WRONG, Finding
from bot.ports import Provider

WEIGHTS = {"note": NOTE, "warn": WARN, "wrong": WRONG}
PATIENCE = 60.0  # seconds for one service

# What to do about a failure; {key} and {url} are the variables of the service.
FIXES = {
    FailureCode.PROVIDER_WRONG_KEY: (
        "Copy the key again from the provider's site into {key}; a deleted or blocked key needs a new one."
    ),
    FailureCode.PROVIDER_NO_CREDITS: "Top up the account of {key}, or raise this member's credit limit.",
    FailureCode.PROVIDER_UNREACHABLE: "Check this machine's network, and {url}.",
    FailureCode.PROVIDER_SLOW: "Check this machine's network, and {url}.",
    FailureCode.PROVIDER_BLOCKED: (
        "The provider's gatekeeper blocks this address; ask the provider, or go out from another one."
    ),
    FailureCode.PROVIDER_DOWN: "Wait until it is well again; BOT_FALLBACKS names models that answer meanwhile.",
    FailureCode.PROVIDER_OUTSIDE: "Set BOT_LOCAL_ONLY=false, or {url} to an address inside; or delete {key}.",
    FailureCode.PROVIDER_UNVERIFIED: "Ask it something, and look into the log.",
    FailureCode.PROVIDER_RATE_LIMITED: "Try again in a minute.",
    FailureCode.PROVIDER_NO_DEPLOYMENT: "Set BOT_MODEL to the name of a deployment of this account.",
    FailureCode.PROVIDER_NOT_ALLOWED: "Ask for access to the model, or set BOT_MODEL to another one.",
    FailureCode.PROVIDER_REGION: "Set BOT_MODEL to a model of another provider.",
    FailureCode.PROVIDER_NO_MODELS: "Load a model there that sees photos, and name it in BOT_MODEL.",
    FailureCode.PROVIDER_UNKNOWN_MODEL: "Set BOT_MODEL to a model that is there.",
    FailureCode.PROVIDER_NONSENSE: "Check {url}: something else than its API may be there.",
    FailureCode.PROVIDER_UNSUPPORTED: "Check {url}: something else than its API may be there.",
}
ANY_FIX = "Check {url} and {key}."
NOT_VERIFIED = (FailureCode.PROVIDER_UNVERIFIED, FailureCode.PROVIDER_RATE_LIMITED)


def variable_of(name: str, end: str) -> str:
    """Return the variable of a service; those of each begin with its name."""
    return f"{name.replace('-', '_').upper()}_{end}"


async def check_token(name: str, adapter: ChatAdapter) -> Sequence[Finding]:
    """Check the token of a platform, if it has one."""
    token = adapter.as_platform().token
    if token is None:
        return ()
    url, variable = variable_of(name, "API_URL"), variable_of(name, "TOKEN")
    try:
        remarks = await token.check()
    except BotError as error:
        sentence = str(error)
        hint = "" if variable in sentence else f" Check this machine's network, {url} and {variable}."
        return [Finding(WRONG, name, f"{_certificate(error, url) or sentence + hint}")]
    said = [Finding(WEIGHTS[remark.weight], name, f"{remark.sentence}.") for remark in remarks or ()]
    return [Finding(OK, name, "the token is accepted"), *said]


async def check_provider(name: str, provider: Provider, *, has_key: bool) -> Sequence[Finding]:
    """Check the access to a provider."""
    try:
        await provider.check()
    except BotError as error:
        return [_describe(name, error)]
    return [Finding(OK, name, "the key is accepted" if has_key else "it answers, and no key is needed")]


def _describe(name: str, error: BotError) -> Finding:
    key, url = variable_of(name, "API_KEY"), variable_of(name, "API_URL")
    if isinstance(error, WrongAddress):
        return Finding(WRONG, name, f"{error} {_address_fix(url, error.better)}")
    if remark := _certificate(error, url):
        return Finding(WRONG, name, remark)
    fix = FIXES.get(error.code, ANY_FIX).format(key=key, url=url)
    if error.code in NOT_VERIFIED:
        return Finding(MAYBE, name, f"not verified. {error} {fix}")
    return Finding(WRONG, name, f"{error} {fix}")


def _address_fix(variable: str, better: str) -> str:
    if better:
        return f"Set {variable}={better}"
    return (
        f"Set {variable} to what comes before /chat/completions in the service's documentation, mostly "
        "https://HOST/v1; where it shows a page, that is the address of its chat, not of its API."
    )


def _certificate(error: BotError, variable: str) -> str:
    """Describe a failure of TLS, which is none of the network; empty for any other."""
    cause: BaseException | None = error
    while cause is not None:
        inner = getattr(cause, "certificate_error", cause)  # as aiohttp hands it on
        if isinstance(inner, ssl.SSLCertVerificationError):
            return (
                "this machine does not trust the certificate of this server. If the server is yours, set BOT_CA_FILE "
                "(or SSL_CERT_FILE in the environment) to the file of the authority that signed it, or name its host "
                f"in BOT_SELF_SIGNED; else check {variable}."
            )
        if isinstance(inner, ssl.SSLError):
            return f"there is no https at this address. If it is http, write http:// in {variable}."
        cause = cause.__cause__ or cause.__context__
    return ""


async def find_models(
    providers: Mapping[str, Provider], wanted: Sequence[tuple[str, str]], set_up: Collection[str]
) -> Sequence[Finding]:
    """Check models, each with the variable that names it; `set_up` are all providers that are switched on."""
    known = await known_models(providers)
    return [
        _unreached(variable, name) if _is_unreached(name, providers, set_up) else _model(known, set_up, variable, name)
        for variable, name in wanted
    ]


def _is_unreached(wanted: str, reached: Collection[str], set_up: Collection[str]) -> bool:
    provider = wanted.partition("/")[0]
    return provider in set_up and provider not in reached


def _unreached(variable: str, wanted: str) -> Finding:
    remark = f"{wanted} is not verified: fix {wanted.partition('/')[0]} first, then check again."
    return Finding(MAYBE, _part(variable), remark)


def _part(variable: str) -> str:
    return variable.lower().removeprefix("bot_").removesuffix("s")


def _model(known: Known, set_up: Collection[str], variable: str, wanted: str) -> Finding:
    part = _part(variable)
    provider, _, id = wanted.partition("/")
    model = known.get(wanted) or known.get(f"{provider}/models/{id}")  # some list the path, and take the name
    if model is None:
        why = "is not known" if provider in set_up else "belongs to a provider that is not set up"
        if not known:
            return Finding(WRONG, part, f"{wanted} {why}, and no list of models could be had. Check {variable}.")
        return Finding(WRONG, part, f"{wanted} {why}. Set {variable} to one of those: {_examples(known, wanted)}")
    if not model.is_listed:
        remark = (
            f"{wanted} is not verified: there is no list of models. Ask it about a photo to see whether it answers."
        )
        return Finding(MAYBE, part, remark)
    if not model.sees:
        return Finding(WRONG, part, f"{wanted} cannot see photos. Set {variable} to one that can.")
    return Finding(OK, part, f"{wanted} is known and sees photos")


def _examples(known: Known, wanted: str) -> str:
    near = [name for name in get_close_matches(wanted, known, 3) if known[name].sees]
    seeing = sorted(known, key=lambda name: not known[name].sees)
    return f"{', '.join(list(dict.fromkeys([*near, *seeing]))[:5])} ..."


async def guarded(part: str, work: Callable[[], Awaitable[Sequence[Finding]]]) -> Sequence[Finding]:
    """Return the findings of a part, whatever happens in it: a broken one never keeps others from being checked."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await work()
    except TimeoutError:
        return [Finding(WRONG, part, f"no answer within {PATIENCE:.0f} seconds. Check this machine's network.")]
    except Exception as error:
        remark = (
            f"this could not be checked ({type(error).__name__}). Check its variables; if they are right, report it."
        )
        return [Finding(WRONG, part, remark)]


def flatten(groups: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    """Yield the findings of all groups."""
    for group in groups:
        yield from group
