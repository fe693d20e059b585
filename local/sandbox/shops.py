"""The shops of one sandbox, each made at its first visit."""

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import Event, RLock

from local.sandbox import install
from local.sandbox.catalog import Catalog, Dated
from local.sandbox.catalogs import catalog_of
from local.sandbox.clock import Clock
from local.sandbox.faults import Faults
from local.sandbox.install import Install, Kept
from local.sandbox.settings import SHOP, Settings
from local.sandbox.throttle import PLANS, Bucket, Plan

REMEMBERED_REQUESTS = 10_000


@dataclass
class Shop:
    """One shop. Whoever changes its install holds its lock."""

    name: str
    plan: Plan
    bucket: Bucket
    make_catalog: Callable[[], Catalog]
    install: Install = field(default_factory=Install)
    lock: RLock = field(default_factory=RLock)

    @property
    def catalog(self) -> Catalog:
        """Built at first use, and once however many ask at the same time."""
        with self.lock:
            return self._catalog

    def snapshot(self) -> Install:
        """The install as it is now, unmoved by what other threads do next."""
        with self.lock:
            return deepcopy(self.install)

    @cached_property
    def _catalog(self) -> Catalog:
        return self.make_catalog()


class World:
    """Everything that one sandbox knows."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.faults = Faults()
        self.requests: deque[dict[str, object]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.shops: dict[str, Shop] = {}
        self.closing = Event()
        """Set when the server ends, so that nothing waits on."""
        self._lock = RLock()
        if self._file:
            for name, kept in install.read(self._file, settings.api_key).items():
                self.shop(name).install = kept

    @staticmethod
    def is_shop(name: str) -> bool:
        return SHOP.fullmatch(name) is not None

    def shop(self, name: str) -> Shop:
        with self._lock:
            if name not in self.shops:
                plan = PLANS[self.settings.plan]
                source = self.settings.catalog
                self.shops[name] = Shop(name, plan, Bucket(plan, self.clock), lambda: catalog_of(name, source))
            return self.shops[name]

    def known_shops(self) -> list[str]:
        """The shops to offer: those of the settings and those that were visited."""
        with self._lock:
            return sorted({*self.settings.shops, *self.shops})

    def now(self) -> Dated:
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def uninstall(self, name: str) -> None:
        """The merchant removes the app."""
        shop = self.shop(name)
        with shop.lock:
            shop.install.remove()
        self.save()

    def save(self) -> None:
        """Keep installs, tokens and subscriptions, if they are to outlive the process."""
        if self._file:
            with self._lock:
                installs = {shop.name: shop.snapshot() for shop in self.shops.values() if shop.install.installed_at}
                install.write(self._file, Kept(self.settings.api_key, installs))

    @property
    def _file(self) -> Path | None:
        return self.settings.state and self.settings.state / "sandbox.json"
