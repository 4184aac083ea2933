"""One class a cause. A message names the offending value and what to do next."""


class LandfallError(Exception):
    """Any failure that Landfall itself explains."""


class SettingsError(LandfallError):
    """The environment lacks a setting or holds an unusable one."""


class ContractError(LandfallError):
    """A contract or product file is not what its schema asks for."""


class RequestError(LandfallError):
    """A caller's request is refused at the door; nothing was started."""


class QuotaError(RequestError):
    """A customer asks for more than their limits allow; there is room again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoSlotError(LandfallError):
    """As many extracts run as may; this one waits for its turn. The message is the slot's name."""


class DataHeldError(RequestError):
    """The newest data of a product did not pass their gate, and its contract would not have older ones served."""


class ExtractEndedError(LandfallError):
    """The extract was cancelled or has ended otherwise; its run must not go on."""


class ApiKeyError(LandfallError):
    """An API key cannot be made, rotated or revoked as asked."""


class RunsUnavailableError(LandfallError):
    """Airflow could not be asked to start, show or stop a run; nothing is known of what it did."""


class AddressError(LandfallError):
    """A webhook's address is not one that may be sent to."""


class DeliveryError(LandfallError):
    """A customer could not be told; `for_good` when trying again is of no use."""

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class DestinationError(LandfallError):
    """A customer's destination cannot be registered as given, or cannot be used as it is registered."""


class KeyUnusableError(DestinationError):
    """The customer's own key does not open or close files: it is disabled, gone, or its policy refuses us."""


class EngineError(LandfallError):
    """Athena or Redshift ended a statement without success."""


class ConservationError(LandfallError):
    """The records of a landed object do not add up to loaded, duplicate and quarantined."""


class LeaseLostError(LandfallError):
    """Another run took over the objects that this run had claimed."""


class ReplayRunningError(LandfallError):
    """Another replay of the stream is under way; two at once could load one record in two ways."""


class QuarantineLimitError(LandfallError):
    """More of a batch broke its contract than the contract lets pass; nothing of the batch was loaded."""


class TransformError(LandfallError):
    """dbt broke off, or did not build what it was asked for."""


class GateFailed(LandfallError):  # noqa: N818 - the word the gates, the logs and the docs use
    """An audit found data that must not be published."""


class PublicationError(LandfallError):
    """A publication could not be moved or does not exist."""


class MaintenanceError(LandfallError):
    """Upkeep of a table would endanger, or has found endangered, what somebody still reads."""


class RebuildError(LandfallError):
    """A table made anew cannot take the place of the live one."""


class VerificationError(LandfallError):
    """Extract files are not what their manifest certifies."""


class IsolationError(VerificationError):
    """A statement of an extract would go round the wall between customers; it was not run."""


class LineageError(LandfallError):
    """The lineage events cannot be read, or know nothing of what was asked for."""


class DeploymentError(LandfallError):
    """CloudFormation could not bring a stack to what its template says."""
