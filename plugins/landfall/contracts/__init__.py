"""What each stream promises, read from contracts/streams/ (Open Data Contract Standard 3.1)."""

from landfall.contracts.model import Field, FieldType, StreamContract
from landfall.contracts.streams import load_stream_contract, load_stream_contracts

__all__ = ["Field", "FieldType", "StreamContract", "load_stream_contract", "load_stream_contracts"]
