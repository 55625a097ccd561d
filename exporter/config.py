"""The exporter's settings: one table, each with a flag, an environment variable and a key of the YAML file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from alerts.links import GPU_DASHBOARD, NODE_DASHBOARD, RUNBOOK
from catalog.errors import ConfigError
from catalog.suggest import meant
from catalog.xid import policy
from catalog.xid.policy import Override
from catalog.yamlfile import Document
from exporter.compat.dialect import Dialect

PREFIX = "GPUVITALS_"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _setting(help_text: str, default: Any, **metadata: Any) -> Any:
    return field(default=default, metadata={"help": help_text, **metadata})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that an operator can set; the metadata of each field is its help."""

    source: str = _setting("What to read: nvml, replay:FILE or sim[:SCENARIO.yaml].", "nvml")
    listen: str = _setting("Where to serve HTTP: HOST:PORT or :PORT.", ":9400")
    web_config: str = _setting(
        "Prometheus web configuration file: TLS, client certificates, users.", ""
    )
    node: str = _setting(
        "Name of this machine, shown with each of its GPUs; by default what its scenario says, else its host name.",
        "",
    )
    state_dir: str = _setting(
        "Folder that keeps history, totals and events.", "/var/lib/gpuvitals"
    )
    nvml_library: str = _setting("NVML's library, if it is not where it usually is.", "")
    kernel_log: str = _setting(
        "Kernel log to read Xids from: a device, file or FIFO; /dev/kmsg by default when the source is nvml.",
        "",
    )
    xid_actions: tuple[Override, ...] = _setting(
        "What an Xid asks for in place of the table's answer: CODE=ACTION, several with commas, or a mapping in the file.",
        (),
        read=policy.overrides,
    )
    attribution: str = _setting(
        "Who uses which GPU: info is a series to join on, labels adds labels to every series of a GPU, off asks nobody.",
        "info",
        choices=("info", "labels", "off"),
    )
    pod_resources: str = _setting(
        "The kubelet's pod-resources socket; /var/lib/kubelet/pod-resources/kubelet.sock by default when the source is nvml "
        "and its folder is there.",
        "",
    )
    job_mapping_dir: str = _setting(
        "Folder of job files as for dcgm-exporter: one per GPU, named by its index, with a job id per line.",
        "",
    )
    procfs: str = _setting(
        "The host's /proc, which says whose the processes on a GPU are; /proc by default when the source is nvml.",
        "",
    )
    pod_logs: str = _setting(
        "The host's folder of pod logs, whose names say which pod a process belongs to.",
        "/var/log/pods",
    )
    expected_gpus: int = _setting(
        "GPUs that this node should have; 0 is the most that were seen or allocatable at once in 24 hours.",
        0,
        limits=(0, 1_000),
    )
    collectors: tuple[str, ...] = _setting(
        "Collectors to switch on, or off with a leading '-'.", ()
    )
    metrics_off: tuple[str, ...] = _setting("Metrics to leave out.", ())
    compat: str = _setting(
        "Also write dcgm-exporter's names: those up to its version 4.8, those since 4.9, or both.",
        Dialect.OFF.value,
        choices=tuple(Dialect),
    )
    nvlink_per_link: bool = _setting("Series per NVLink link beside their sums.", default=False)
    process_series: int = _setting(
        "Most processes per GPU whose memory is a series of its own; 0 is none.",
        0,
        limits=(0, 100_000),
    )
    probes: tuple[str, ...] = _setting(
        "Active probes to switch on, or off with a leading '-'; 'all' stands for each.", ()
    )
    probe_a_seconds: int = _setting(
        "Seconds between two runs of a probe that may run beside a tenant.",
        600,
        limits=(10, 86_400),
    )
    probe_b_seconds: int = _setting(
        "Seconds between two runs of a probe that needs an idle GPU.", 3600, limits=(10, 86_400)
    )
    probe_speed: int = _setting(
        "How many times faster to probe; simulated sources only.",
        1,
        limits=(1, 10_000),
    )
    history_days: int = _setting("Days that the embedded history keeps.", 35, limits=(1, 36_500))
    slo_dir: str = _setting(
        "Folder of OpenSLO documents whose objectives the page and /api/v1/slo show, by the embedded history; read again on SIGHUP.",
        "",
    )
    max_scrapes: int = _setting("Scrapes served at once; more get 503.", 40, limits=(1, 10_000))
    allow_fault_injection: bool = _setting(
        "Take POST /api/v1/faults; simulated sources only.", default=False
    )
    alertmanager_urls: tuple[str, ...] = _setting(
        "Alertmanagers to tell of critical alerts at once, beside Prometheus: http://HOST:9093, several with commas.",
        (),
    )
    alertmanager_external_labels: tuple[str, ...] = _setting(
        "Labels that Prometheus' alerts carry beside those of their rules, after alert relabelling: cluster=prod.",
        (),
    )
    alertmanager_hold_seconds: int = _setting(
        "Seconds for which an alert outlives its condition; keep_firing_for of the rules is the same.",
        300,
        limits=(5, 3600),
    )
    alertmanager_user: str = _setting("User name at the Alertmanagers.", "")
    alertmanager_password_file: str = _setting("File that holds that user's password.", "")
    alertmanager_token_file: str = _setting(
        "File that holds a bearer token for the Alertmanagers.", ""
    )
    alertmanager_ca: str = _setting(
        "Certificate authorities that the Alertmanagers are checked against; by default the system's.",
        "",
    )
    alertmanager_certificate: str = _setting("Client certificate for the Alertmanagers.", "")
    alertmanager_key: str = _setting("Key of that certificate.", "")
    runbook_url: str = _setting(
        "Address of an alert's runbook, with {alert} for its name; in the annotations of alerts, as the next two. Empty is none.",
        RUNBOOK,
    )
    dashboard_url: str = _setting(
        "Address of a GPU's dashboard, with {node}, {uuid} and {time}, seconds since 1970. Empty is none.",
        GPU_DASHBOARD,
    )
    node_dashboard_url: str = _setting(
        "Address of a node's dashboard, with {node} and {time}. Empty is none.",
        NODE_DASHBOARD,
    )
    log_level: str = _setting(
        "Least severe message to log.", "info", choices=("debug", "info", "warning", "error")
    )
    log_format: str = _setting("How to log.", "text", choices=("text", "json"))


FIXED = (
    "listen",
    "web_config",
    "kernel_log",
    "attribution",
    "pod_resources",
    "job_mapping_dir",
    "procfs",
    "pod_logs",
    "expected_gpus",
    "state_dir",
    "history_days",
    "allow_fault_injection",
    "alertmanager_urls",
    "alertmanager_external_labels",
    "alertmanager_hold_seconds",
    "alertmanager_user",
    "alertmanager_password_file",
    "alertmanager_token_file",
    "alertmanager_ca",
    "alertmanager_certificate",
    "alertmanager_key",
    "runbook_url",
    "dashboard_url",
    "node_dashboard_url",
)
"""Settings that a reload cannot change."""
SETTINGS = {setting.name: setting for setting in fields(Config)}


def load(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Document | None = None,
) -> Config:
    """Flags win over the environment, the environment over *file*, that over the defaults.

    Args:
        flags: those that the user gave, by field name.
        environ: all variables; ours begin with `PREFIX`.
        file: the configuration file: a mapping by field name.

    Raises:
        ConfigError: an unknown key, or a value of the wrong type.
    """
    values: dict[str, Any] = _from_file(file) if file else {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and not _OTHERS.fullmatch(name):
            key = _known(name.removeprefix(PREFIX).lower(), f"environment, {name}")
            values[key] = _typed(key, value, f"environment, {name}")
    values.update((key, _typed(key, given, flag(key))) for key, given in flags.items())
    return Config(**values)


# --config's own, and what Kubernetes sets in each pod for a Service whose name begins as ours
# (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
_OTHERS = re.compile(
    rf"{PREFIX}(CONFIG|(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?))"
)


def _from_file(file: Document) -> dict[str, object]:
    if file.value is None:
        return {}
    if not isinstance(file.value, dict):
        raise file.error("a mapping of settings is expected, such as 'listen: :9400'")
    return {
        _known(key, file.at(key)): _typed(key, value, file.at(key))
        for key, value in file.value.items()
    }


def flag(name: str) -> str:
    """The flag of a setting."""
    return "--" + name.replace("_", "-")


def _known(key: str, where: str) -> str:
    if key in SETTINGS:
        return key
    hint = meant(key, SETTINGS, f"known: {', '.join(SETTINGS)}")
    raise ConfigError(f"{where}: there is no setting {key!r}; {hint}")


def _typed(key: str, value: object, where: str) -> object:
    setting = SETTINGS[key]
    read = setting.metadata.get("read", _READ[type(setting.default)])
    try:
        typed = read(value)
    except ConfigError as error:
        raise ConfigError(f"{where}: {key}: {error}") from None
    except (ValueError, TypeError):
        wanted = _WANTED[type(setting.default)]
        raise ConfigError(f"{where}: {key} must be {wanted}, not {value!r}") from None
    choices = setting.metadata.get("choices")
    if choices and typed not in choices:
        raise ConfigError(f"{where}: {key} must be one of {', '.join(choices)}, not {value!r}")
    limits = setting.metadata.get("limits")
    if limits and not limits[0] <= typed <= limits[1]:
        raise ConfigError(f"{where}: {key} must be {limits[0]} to {limits[1]}, not {value!r}")
    return typed


def _text(value: object) -> str:
    if isinstance(value, (str, Path)):
        str(value).encode()  # Bytes of the environment that are no text could not be passed on.
        return str(value)
    raise TypeError(value)


def _integer(value: object) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, (int, str)):
        return int(value)
    raise TypeError(value)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ValueError(value)


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise TypeError(value)


_READ: dict[type, Callable[[object], object]] = {
    str: _text,
    int: _integer,
    bool: _boolean,
    tuple: _names,
}
_WANTED = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    tuple: "a list of names",
}
