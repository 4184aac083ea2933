"""The salt of a customer's masks, made of the one secret that the extract role alone reads."""

from __future__ import annotations

from landfall.aws.secrets import read_secret
from landfall.contracts.extract_product import load_products
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.masking import masks_of, salt_of
from landfall.settings import Settings


def salt_for(request: ExtractRequest, settings: Settings) -> str:
    """Return the salt of the masks in the files of `request`; "" where nothing is masked, and no secret is read."""
    if not masks_of(load_products()[request.product], request):
        return ""
    return salt_of(request.customer_id, secret=read_secret(settings.masking_secret_arn))
