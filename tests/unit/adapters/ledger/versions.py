"""Ledgers of earlier versions, made from one of today: the same rows under an older schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from responder.adapters.ledger import schema

TABLES = ("meta", "cursors", "replies", "never", "refused", "texts")


def take_back(directory: Path, version: int) -> None:
    """Turn a closed ledger into what a program of that version would have left."""
    with closing(sqlite3.connect(directory / schema.DATABASE)) as db:
        kept = {name: _rows(db, name) for name in TABLES if _columns(db, name)}
        for name in kept:
            db.execute(f"DROP TABLE {name}")
        for migration in schema.MIGRATIONS[:version]:
            db.executescript(migration)
        for name, rows in kept.items():
            _insert(db, name, rows)
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def _rows(db: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    columns = _columns(db, table)
    return [dict(zip(columns, row, strict=True)) for row in db.execute(f"SELECT * FROM {table}")]  # noqa: S608 - constant


def _insert(db: sqlite3.Connection, table: str, rows: list[dict[str, object]]) -> None:
    columns = _columns(db, table)
    for row in rows if columns else []:
        known = [name for name in row if name in columns]
        marks = ", ".join("?" * len(known))
        db.execute(f"INSERT INTO {table} ({', '.join(known)}) VALUES ({marks})", [row[name] for name in known])  # noqa: S608 - constants
