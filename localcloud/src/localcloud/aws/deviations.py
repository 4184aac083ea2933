"""Where the emulated AWS is known to differ from the service without refusing."""

from __future__ import annotations

from localcloud.deviation import Deviation

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "multipart upload under way",
        "the parts of an upload that is not completed are gone after a stop or a kill (NoSuchUpload)",
        "they are kept until the upload is completed or aborted",
    ),
    Deviation(
        "stack operation under way",
        "a kill ends it as CREATE_FAILED, UPDATE_FAILED or DELETE_FAILED; its resources stay as far as they were made",
        "it goes on",
    ),
    Deviation(
        "deliveries to Lambda and HTTP endpoints of SNS and EventBridge",
        "one that is under way at a kill is lost",
        "it is tried again",
    ),
    Deviation(
        "requests to S3 without a signature",
        "are let through, as all that is signed; one whose signature is wrong is refused",
        "are refused unless a policy of the bucket allows them",
    ),
)
