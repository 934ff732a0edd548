"""Dagster's event log of this warehouse: its SQLite files, with connections kept.

Belongs here: how the events of a run are written. Does not belong here: which events
there are (Dagster's), and where its folder is (``pipelines.settings``).
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import sqlalchemy as db
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine

from pipelines.settings import dagster_home

KEPT_OPEN = 8
"""Files that stay open: a night writes two runs and the index; the UI looks at more."""


@dataclass
class _Batch:
    """The connections of events that are written in one transaction a file."""

    thread: int
    open: ExitStack
    connections: dict[str, Connection] = field(default_factory=dict)


class KeptConnections(SqliteEventLogStorage):
    """``SqliteEventLogStorage`` that does not open a file anew for every event.

    A night of 24 colleges writes 2,000 events, each to two files. Dagster 1.13 makes
    an engine, opens and closes the file and asks for its columns each time: a fifth
    of the processor time of a night of a few hundred learners. The files are the
    same, and who opens the folder with Dagster's own class reads and writes them.
    """

    def __init__(
        self, base_dir: str, inst_data: ConfigurableClassData | None = None
    ) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._columns: dict[str, frozenset[str]] = {}
        self._tables: set[str] = set()
        self._batch: _Batch | None = None
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the events lie where Dagster puts them by default."""
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003
    ) -> Self:
        """The event log below ``DAGSTER_HOME``."""
        return cls(str(dagster_home() / "history" / "runs"), inst_data)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events, all or none: a landing plans 600 before its first step.

        Dagster asks for it where ``DAGSTER_EVENT_BATCH_SIZE`` is set.
        """
        with self._db_lock, ExitStack() as stack:
            self._batch = _Batch(threading.get_ident(), stack)
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._batch = None

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        batch = self._batch
        if batch is not None and batch.thread == threading.get_ident():
            if shard not in batch.connections:
                begun = self._ready_engine(shard).begin()
                batch.connections[shard] = batch.open.enter_context(begun)
            yield batch.connections[shard]
            return
        with self._db_lock, self._ready_engine(shard).begin() as connection:
            yield connection

    def _ready_engine(self, shard: str) -> Engine:
        engine = self._engine(shard)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine

    def _engine(self, shard: str) -> Engine:
        """The engine of a file; a file that is gone is made again by ``_initdb``."""
        if not Path(self.path_for_shard(shard)).exists():
            self._forget(shard)
        if shard not in self._engines:
            self._engines[shard] = _engine(self.conn_string_for_shard(shard))
            if len(self._engines) > KEPT_OPEN:
                self._forget(next(iter(self._engines)), initialised=True)
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def _forget(self, shard: str, *, initialised: bool = False) -> None:
        engine = self._engines.pop(shard, None)
        if engine is not None:
            engine.dispose()
        if not initialised:
            self._initialized_dbs.discard(shard)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; asked until it has."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(
        self, conn: Connection, column_name: str
    ) -> bool:
        known = self._columns.get("asset_keys", frozenset())
        if column_name not in known:
            found = db.inspect(conn).get_columns("asset_keys")
            known = frozenset(column["name"] for column in found)
            self._columns["asset_keys"] = known
        return column_name in known

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        with self._db_lock:
            for shard in list(self._engines):
                self._forget(shard, initialised=True)


def _engine(connection_string: str) -> Engine:
    engine = db.create_engine(
        connection_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
    )

    # In WAL mode a lost last event is all that a power cut can do to the file, and the
    # warehouse does not read its events to know what it has done.
    @db.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine
