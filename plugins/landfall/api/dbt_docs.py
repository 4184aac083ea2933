"""dbt's documentation over HTTP: one page a target, as `document_models` wrote it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from landfall.api.pages import read_page
from landfall.transform.documentation import page_key

# The page is a program of dbt's. Without `allow-same-origin` it is no part of Airflow's origin: it has no cookie of the
# reader's, and nothing it could be made to do reaches Airflow or any other address.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
        "font-src data:; frame-ancestors 'self'; sandbox allow-scripts"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
}


def dbt_docs_router() -> APIRouter:
    """Return the routes of dbt's documentation."""
    router = APIRouter(tags=["dbt docs"], default_response_class=Response)

    @router.get("/{target}/")
    def get_models(target: str) -> Response:
        """Return the page of a target's models."""
        absent = f"the models of {target!r} are not documented yet; run the DAG document_models"
        body = read_page(page_key(target), absent=absent)
        return Response(body, media_type="text/html", headers=_HEADERS)

    return router
