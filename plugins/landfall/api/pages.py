"""What the pages that Airflow shows in a run have in common: how they look, and what a browser lets them do."""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import HTTPException

from landfall.aws import s3
from landfall.settings import Settings

HEADERS: Final = {
    # Pages come from a bucket and are shown inside Airflow's own origin: they may style themselves, and run nothing.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        "frame-ancestors 'self'; sandbox allow-same-origin"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
}

STYLE: Final = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #1f2933; background: #fff }
form { margin: .8rem 0 } h1 { font-size: 1.2rem } h2 { font-size: 1rem; margin-top: 1.6rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d9e2ec }
td { vertical-align: top; overflow-wrap: anywhere } td.short { white-space: nowrap }
td.number { text-align: right } .passed { color: #0b6e4f } .failed { color: #b42318; font-weight: 600 }
"""


def render_page(*, title: str, run_id: str, body: str) -> str:
    """Return a page of a run; `title` and `run_id` are escaped here, `body` is HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1><p>Run {escape(run_id)}</p>{body}</body></html>"
    )


def read_page(key: str, *, absent: str) -> bytes:
    """Return an object of the ops bucket; a 404 that says `absent` if there is none."""
    try:
        return s3.read_object(bucket=Settings.from_environment().ops_bucket, key=key)
    except KeyError as error:
        raise HTTPException(404, absent) from error
