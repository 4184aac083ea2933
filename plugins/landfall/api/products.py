"""Products over HTTP: what the caller may ask for."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from landfall.api.answers import Product, Products, product_answer
from landfall.api.asking import offered_products
from landfall.api.callers import CallerDep
from landfall.api.desk import with_etag
from landfall.api.problems import Refusal, documented

router = APIRouter(tags=["products"], responses=documented(401, 403, 422, 429, 503))


@router.get("", response_model=Products, responses={304: {"description": "As If-None-Match has it."}})
def list_products(request: Request, caller: CallerDep) -> Response:
    """List the products that the caller may ask for, with their columns, filters and formats."""
    found = [product_answer(each) for each in offered_products().values() if caller.may_have(each.product)]
    return with_etag(request, Products(products=found), caller.limits)


@router.get(
    "/{product}",
    response_model=Product,
    responses={304: {"description": "As If-None-Match has it."}, **documented(404)},
)
def get_product(request: Request, product: str, caller: CallerDep) -> Response:
    """Return one product."""
    found = offered_products().get(product)
    if found is None or not caller.may_have(product):
        remedy = "GET /v1/products lists what there is"
        raise Refusal(404, f"product: not offered; {remedy}", field="product", value=product, remedy=remedy)
    return with_etag(request, product_answer(found), caller.limits)
