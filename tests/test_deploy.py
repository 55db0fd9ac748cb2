"""What deploy/ promises: settings that exist and fit together, probes that are answered, shards that are all taken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from adapters.platforms.discord.settings import DiscordSettings
from adapters.platforms.discord.shards import Shards
from bot.configuration import read_settings
from bot.settings import Settings
from bot.web.server import WebServer
from tools.settings_reference import fields

DEPLOY = Path(__file__).parents[1] / "deploy"
SECRETS = {
    "BOT_STORE": "postgresql://snapthread:secret@postgres/snapthread",
    "WEB_TOKEN": "sixteen-characters-or-more",
    "ONEMIN_API_KEY": "key",
    "DISCORD_TOKEN": "token",
    "TELEGRAM_TOKEN": "token",
}


def documents(name: str) -> Iterator[Any]:
    return filter(None, yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text("utf-8")))


def of_kind(kind: str) -> list[Any]:
    files = sorted(path.name for path in (DEPLOY / "kubernetes").glob("*.yaml"))
    return [document for name in files for document in documents(name) if document["kind"] == kind]


PODS = {each["metadata"]["name"]: each for kind in ("Deployment", "StatefulSet") for each in of_kind(kind)}
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
BOTS = [name for name in SERVICES if name != "postgres"]


def container(pod: str) -> Any:
    [found] = PODS[pod]["spec"]["template"]["spec"]["containers"]
    return found


def settings_of(environment: dict[str, Any]) -> Settings:
    unknown = {name for name in environment if name.lower() not in fields()}
    assert not unknown
    return read_settings(_env_file=None, **{name.lower(): value for name, value in environment.items()})


def in_kubernetes(pod: str, shard: int = 0) -> Settings:
    [shared] = of_kind("ConfigMap")
    own = {each["name"]: each.get("value", str(shard)) for each in container(pod)["env"]}
    known = {name: str(value).replace("$(SHARD)", own.get("SHARD", "")) for name, value in own.items()}
    known.pop("SHARD", None)
    return settings_of({**shared["data"], **SECRETS, **known})


def in_compose(service: str) -> Settings:
    environment = SERVICES[service]["environment"]
    filled = {name: SECRETS.get(name, value) for name, value in environment.items()}
    return settings_of({**SECRETS, **filled})


def test_somebody_listens_to_every_platform_and_somebody_works() -> None:
    fleet = [in_kubernetes(pod) for pod in PODS]
    assert {platform for each in fleet for platform in each.bot_listen or ()} == {"discord", "telegram"}
    assert any(each.bot_workers for each in fleet)
    together = [in_compose(service) for service in BOTS]
    assert any(each.bot_listen is None for each in together)
    assert any(each.bot_listen == () and each.bot_workers for each in together)


def test_every_shard_of_discord_is_taken_once() -> None:
    replicas = PODS["discord"]["spec"]["replicas"]
    shards = [
        Shards.parse(str(in_kubernetes("discord", number).of(DiscordSettings).discord_shards))
        for number in range(replicas)
    ]
    assert [id for each in shards for id in each.ids] == list(range(replicas))
    assert {each.count for each in shards} == {replicas}


@pytest.mark.parametrize("pod", PODS)
async def test_probes_are_answered(pod: str) -> None:
    probes = [container(pod)[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]
    [port] = container(pod)["ports"]
    assert port["containerPort"] == in_kubernetes(pod).web_port
    assert {probe["port"] for probe in probes} == {port["name"]}
    async with WebServer("127.0.0.1", 0) as server, aiohttp.ClientSession() as http:
        for probe in probes:
            async with http.get(server.url + probe["path"]) as reply:
                assert reply.status == 200


@pytest.mark.parametrize("pod", PODS)
def test_a_stop_has_more_time_than_it_takes_and_a_disruption_never_takes_all(pod: str) -> None:
    assert PODS[pod]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 10
    [budget] = [each for each in of_kind("PodDisruptionBudget") if each["metadata"]["name"] == pod]
    labels = PODS[pod]["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert PODS[pod]["spec"]["replicas"] > 1


def test_every_manifest_is_applied() -> None:
    [kustomization] = documents("kustomization.yaml")
    there = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == there


def test_no_secret_has_a_value_in_a_file() -> None:
    secret = {name for name, field in fields().items() if "SecretStr" in str(field.annotation)}
    for document in [*PODS.values(), *of_kind("ConfigMap")]:
        text = yaml.safe_dump(document)
        assert not [name for name in secret if f"{name.upper()}:" in text]
    assert all(SERVICES[bot]["environment"]["WEB_TOKEN"].startswith("${") for bot in BOTS)
