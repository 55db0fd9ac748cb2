"""What deploy/ promises: settings that exist and fit together, probes that are answered, shards that are all taken."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import kubernetes_validate
import promql_parser
import pytest
import yaml

from adapters.platforms.discord.settings import DiscordSettings
from adapters.platforms.discord.shards import Shards
from bot.configuration import read_settings
from bot.errors import FailureCode
from bot.operations.metrics import Metrics
from bot.settings import Settings
from bot.web.server import WebServer
from tests.doubles.process import free_port
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


# the schemas that others wrote


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("compose-spec", ["compose.yaml", "deploy/compose.yaml"]),
        ("github-workflows", [".github/workflows/ci.yml"]),
        ("github-issue-forms", [f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("bug", "idea", "photo")]),
        ("github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
    ],
)
def test_files_for_compose_and_github_fit_their_schemas(schema: str, files: list[str]) -> None:
    checked = check_schema(schema, *(DEPLOY.parent / file for file in files))
    assert checked.returncode == 0, checked.stdout


def test_a_slip_in_a_compose_file_would_be_found(tmp_path: Path) -> None:
    slip = (DEPLOY.parent / "compose.yaml").read_text("utf-8").replace("read_only: true", "read_only: {yes: 1}")
    (tmp_path / "compose.yaml").write_text(slip, "utf-8")
    checked = check_schema("compose-spec", tmp_path / "compose.yaml")
    assert checked.returncode != 0
    assert "read_only" in checked.stdout


def check_schema(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("version", ["1.27", "1.33", "1.37"])
def test_manifests_fit_the_schemas_of_old_and_new_kubernetes(version: str) -> None:
    files = [path.name for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.stem != "kustomization"]
    manifests = [document for name in files for document in documents(name)]
    assert {"Deployment", "StatefulSet", "CronJob", "NetworkPolicy", "HorizontalPodAutoscaler"} <= {
        manifest["kind"] for manifest in manifests
    }
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_slip_in_a_manifest_would_be_found() -> None:
    [slip] = copy.deepcopy(of_kind("NetworkPolicy"))
    slip["spec"]["podSelectors"] = slip["spec"].pop("podSelector")
    with pytest.raises(kubernetes_validate.ValidationError, match="podSelectors"):
        kubernetes_validate.validate(slip, "1.37", strict=True)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl")
def test_kustomize_builds_the_manifests() -> None:
    built = subprocess.run(["kubectl", "kustomize", DEPLOY / "kubernetes"], capture_output=True, check=True, timeout=60)
    kinds = [document["kind"] for document in yaml.safe_load_all(built.stdout)]
    assert {"NetworkPolicy", "HorizontalPodAutoscaler", "CronJob", "StatefulSet"} <= set(kinds)


# Docker


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    "options", [[], ["--project-directory", ".", "-f", "deploy/compose.yaml"]], ids=["one", "fleet"]
)
async def test_what_the_docs_say_about_compose_starts_a_bot_that_answers(tmp_path: Path, options: list[str]) -> None:
    """Builds the image, so it needs an engine, and the network where the engine has no base image yet."""
    compose = [require_engine(), "compose", *options, "-p", f"snapthread-test-{os.getpid()}"]
    clone, port = tmp_path / "clone", free_port()
    subprocess.run(["git", "clone", "-q", DEPLOY.parent, clone], check=True, timeout=120)
    secrets = f"WEB_PORT={port}\nWEB_TOKEN=sixteen-characters-or-more\nPOSTGRES_PASSWORD='p@ss:w/o%rd # $HOME'\n"
    (clone / ".env").write_text(secrets, "utf-8")
    try:
        subprocess.run([*compose, "up", "-d", "--build", "--wait"], cwd=clone, check=True, timeout=1200)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            assert await status_of(http, "/healthz", 200)
            assert await status_of(http, "/dashboard", 401)
    finally:
        subprocess.run([*compose, "down", "-v", "--timeout", "10"], cwd=clone, check=False, timeout=120)


async def status_of(http: aiohttp.ClientSession, path: str, wanted: int) -> bool:
    async with http.get(path) as response:
        return response.status == wanted


def require_engine() -> str:
    """Return the path of Docker; skip the test where Compose or a running engine is missing."""
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("Docker is not installed")
    for command, reason in (("compose", "Docker has no Compose here"), ("info", "no Docker engine is running here")):
        arguments = ["version"] if command == "compose" else []
        if subprocess.run([docker, command, *arguments], capture_output=True, check=False, timeout=60).returncode:
            pytest.skip(reason)
    return docker


def test_the_base_images_are_pinned_by_their_digests(tmp_path: Path) -> None:
    for name in ("Makefile", "Dockerfile", "deploy/compose.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(DEPLOY.parent / name, tmp_path / name)
    docker = tmp_path / "docker"
    for number in "12":  # the second time replaces what the first time wrote
        docker.write_text(f'#!/bin/sh\necho "$4" >> asked\necho sha256:{number * 64}\n', "utf-8")
        docker.chmod(0o700)
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(["make", "-s", "pin"], cwd=tmp_path, check=True, timeout=60, env={"PATH": path})
    stages = re.findall(r"^FROM (\S+)", (tmp_path / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert stages == [f"python:3.13-slim@sha256:{'2' * 64}"] * 2
    fleet = yaml.safe_load((tmp_path / "deploy" / "compose.yaml").read_text("utf-8"))
    assert fleet["services"]["postgres"]["image"] == f"postgres:18@sha256:{'2' * 64}"
    assert (tmp_path / "asked").read_text("utf-8").split() == ["python:3.13-slim", "postgres:18"] * 2
    assert not list(tmp_path.rglob("*.bak"))


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
    selectors: list[promql_parser.VectorSelector] = []

    def collect(part: promql_parser.Expr) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            selectors.append(part)

    promql_parser.walk(promql_parser.parse(expression), collect)
    assert selectors
    assert {selector.name for selector in selectors} <= metric_names()
    matchers = [matcher for selector in selectors for matcher in selector.matchers.matchers]
    outcomes = [name for each in matchers if each.name == "outcome" for name in each.value.split("|")]
    assert all("*" in name or name in {*FailureCode, "answered", "command", "stopped"} for name in outcomes)
    labels = {matcher.name for matcher in matchers}
    assert labels <= {"job", "outcome", "platform", "provider", "model", "family", "state"}


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool, which Debian's package prometheus has")
def test_prometheus_takes_the_rules_and_the_scrape() -> None:
    for what in (["check", "rules", "alerts.yml"], ["check", "config", "--syntax-only", "prometheus.yml"]):
        run = ["promtool", *what]
        checked = subprocess.run(
            run, cwd=DEPLOY / "monitoring", capture_output=True, text=True, check=False, timeout=60
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


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
