"""What deploy/ promises: settings that exist and fit together, probes that are answered, shards that are all taken."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from adapters.platforms.discord.settings import DiscordSettings
from adapters.platforms.discord.shards import Shards
from bot.configuration import read_settings
from bot.errors import FailureCode
from bot.operations.metrics import Metrics
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
ALONE = yaml.safe_load((DEPLOY.parent / "compose.yaml").read_text("utf-8"))["services"]["bot"]


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
    environment = {name: value for name, value in SERVICES[service]["environment"].items() if name != "PGPASSWORD"}
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
    assert PODS[pod]["spec"].get("replicas", fewest(pod)) > 1


def fewest(pod: str) -> int:
    """The fewest replicas that an autoscaler leaves."""
    scalers = [each["spec"] for each in of_kind("HorizontalPodAutoscaler")]
    return next((spec["minReplicas"] for spec in scalers if spec["scaleTargetRef"]["name"] == pod), 0)


@pytest.mark.parametrize("pod", PODS)
def test_pods_are_spread_over_machines(pod: str) -> None:
    spec = PODS[pod]["spec"]["template"]
    [spread] = spec["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= spec["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("pod", "secrets"),
    [
        ("discord", {"snapthread", "snapthread-discord"}),
        ("telegram", {"snapthread", "snapthread-telegram"}),
        ("workers", {"snapthread", "snapthread-discord", "snapthread-telegram"}),
    ],
)
def test_a_pod_gets_only_the_secrets_that_it_needs(pod: str, secrets: set[str]) -> None:
    sources = container(pod)["envFrom"]
    assert {source["secretRef"]["name"] for source in sources if "secretRef" in source} == secrets


def test_the_network_policy_is_about_every_pod_and_opens_the_web_port_only() -> None:
    [policy] = of_kind("NetworkPolicy")
    selected = policy["spec"]["podSelector"]["matchLabels"].items()
    assert all(selected <= pod["spec"]["template"]["metadata"]["labels"].items() for pod in PODS.values())
    assert [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]] == [8080]


@pytest.mark.parametrize("service", [*BOTS, "alone"])
def test_containers_are_bounded_and_may_do_little(service: str) -> None:
    bot = ALONE if service == "alone" else SERVICES[service]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert bot["logging"]["options"]["max-size"]
    assert {"mem_limit", "pids_limit"} <= bot.keys()
    assert "/tmp" in bot["tmpfs"]


def test_a_password_of_any_characters_stands_in_no_address() -> None:
    for bot in BOTS:
        environment = SERVICES[bot]["environment"]
        assert "PASSWORD" not in environment["BOT_STORE"]
        assert environment["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_compose_reads_env_beside_the_readme() -> None:
    """Paths are those of the project's folder: the documented commands name it, or are run in it."""
    assert (ALONE["build"], ALONE["env_file"]) == (".", ".env")
    assert all((SERVICES[bot]["build"], SERVICES[bot]["env_file"]) == (".", ".env") for bot in BOTS)
    for page in (DEPLOY.parent / "docs" / "fleet.md", DEPLOY / "compose.yaml"):
        assert "docker compose --project-directory . -f deploy/compose.yaml up" in page.read_text("utf-8")


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl")
def test_kustomize_builds_the_manifests() -> None:
    built = subprocess.run(["kubectl", "kustomize", DEPLOY / "kubernetes"], capture_output=True, check=True, timeout=60)
    kinds = [document["kind"] for document in yaml.safe_load_all(built.stdout)]
    assert {"NetworkPolicy", "HorizontalPodAutoscaler", "CronJob", "StatefulSet"} <= set(kinds)


# monitoring


def metric_names() -> set[str]:
    """What /metrics offers, by name."""
    names = {"up"}
    for family in Metrics().registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket"], "info": ["_info"]}.get(family.type, [""])
        names |= {family.name + suffix for suffix in suffixes}
    return names | {"snapthread_breaker"}


def expressions() -> Iterator[str]:
    rules = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yml").read_text("utf-8"))
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    board = json.loads((DEPLOY / "monitoring" / "grafana.json").read_text("utf-8"))
    yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])


@pytest.mark.parametrize("expression", list(expressions()))
def test_alerts_and_panels_ask_for_metrics_that_exist(expression: str) -> None:
    asked = set(re.findall(r"\b(?:snapthread_\w+|process_\w+|up)\b", expression))
    assert asked
    assert asked <= metric_names()
    outcomes = [name for names in re.findall(r'outcome=~?"([^"]+)"', expression) for name in names.split("|")]
    assert all("*" in name or name in set(FailureCode) for name in outcomes)


def test_every_alert_says_what_it_means_and_how_grave_it_is() -> None:
    rules = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yml").read_text("utf-8"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"]
        assert rule["labels"]["severity"] in {"warning", "critical"}


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
