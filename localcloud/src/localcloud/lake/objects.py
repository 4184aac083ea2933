"""S3 objects of Hive tables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from sqlglot import exp

from localcloud.lake.errors import LakeError
from localcloud.lake.partitions import Partition
from localcloud.lake.session import Lake, Listing

_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""What botocore takes for a bucket's name, and looks up."""

_LISTED_APART = 8
"""With more partitions than this, one listing of what they have in common is cheaper than one each."""

_ASKED_APART = 8
"""With more named objects than this in a folder, a listing that begins at the first is cheaper than a request each."""

_LISTED_AT_ONCE = 1000
"""Keys one page of ListObjectsV2 has at most. Source: Amazon S3 API reference."""

_DELETED_AT_ONCE = 1000
"""Keys one DeleteObjects takes. Source: Amazon S3 API reference."""


@dataclass(frozen=True)
class StoredObject:
    """An object of a table: its URI, size in bytes, the values of its partition, and the ETag of its content."""

    path: str
    size: int
    partition: Partition
    content: str = ""


def split_uri(uri: str) -> tuple[str, str]:
    """'s3://bucket/a/b' as ('bucket', 'a/b'); LakeError INVALID_PROPERTY where there is no name of a bucket."""
    bucket, _, key = uri.removeprefix("s3://").removeprefix("s3a://").partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise LakeError("INVALID_PROPERTY", f"The location '{uri}' is not a valid S3 location")
    return bucket, key


def list_objects(lake: Lake, uri: str) -> Listing:
    """URI, size and ETag of each visible object below `uri`; Hive hides names that start with '_' or '.'."""
    if lake.listings is None:
        return _list_objects(lake, uri)
    if uri not in lake.listings:
        lake.listings[uri] = _list_objects(lake, uri)
    return lake.listings[uri]


def _list_objects(lake: Lake, uri: str) -> Listing:
    bucket, prefix = split_uri(uri)
    pages = lake.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return visible(bucket, (entry for page in pages for entry in page.get("Contents", [])))


def visible(bucket: str, contents: Iterable[Mapping[str, Any]]) -> Listing:
    """What Hive sees of the Contents of ListObjectsV2."""
    found = []
    for entry in contents:
        name = entry["Key"].rsplit("/", 1)[-1]
        if name and not name.startswith(("_", ".")):
            found.append((f"s3://{bucket}/{entry['Key']}", entry["Size"], entry["ETag"]))
    return found


def list_folders(lake: Lake, uri: str) -> list[str]:
    """Names of the folders right below `uri`, which ends in '/'; hidden ones are left out."""
    bucket, prefix = split_uri(uri)
    pages = lake.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    names = [entry["Prefix"][len(prefix) : -1] for page in pages for entry in page.get("CommonPrefixes", [])]
    return [name for name in names if name and not name.startswith(("_", "."))]


@dataclass(frozen=True)
class ListedObject:
    """An object in S3: its URI, and when it was written, in seconds since the epoch."""

    path: str
    modified: float


def list_everything(lake: Lake, uri: str) -> list[ListedObject]:
    """Every object below `uri`, hidden ones too."""
    bucket, prefix = split_uri(uri)
    pages = lake.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        ListedObject(f"s3://{bucket}/{entry['Key']}", entry["LastModified"].timestamp())
        for page in pages
        for entry in page.get("Contents", [])
    ]


def delete_objects(lake: Lake, paths: Sequence[str]) -> None:
    """Delete objects, which may lie in several buckets."""
    keys: dict[str, list[dict[str, str]]] = {}
    for path in paths:
        bucket, key = split_uri(path)
        keys.setdefault(bucket, []).append({"Key": key})
    for bucket, found in keys.items():
        for start in range(0, len(found), _DELETED_AT_ONCE):
            batch = {"Objects": found[start : start + _DELETED_AT_ONCE], "Quiet": True}
            lake.s3.delete_objects(Bucket=bucket, Delete=batch)


def delete_below(lake: Lake, uri: str) -> None:
    """Delete every object below the folder `uri`."""
    delete_objects(lake, [stored.path for stored in list_everything(lake, uri.rstrip("/") + "/")])


def find_objects(lake: Lake, partitions: Sequence[Partition], conditions: Sequence[exp.Expr]) -> list[StoredObject]:
    """The objects of the partitions; where the conditions name objects by "$path", only those are asked for."""
    named = named_paths(conditions)
    if named is not None:
        return _named_objects(lake, partitions, named)
    if len(partitions) > _LISTED_APART:
        return _listed_together(lake, partitions)
    return [
        StoredObject(path, size, partition, content)
        for partition, listing in zip(partitions, _listed_apart(lake, partitions), strict=True)
        for path, size, content in listing
    ]


def _listed_apart(lake: Lake, partitions: Sequence[Partition]) -> list[Listing]:
    if len(partitions) <= 1:
        return [list_objects(lake, partition.location) for partition in partitions]
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(lambda partition: list_objects(lake, partition.location), partitions))


def named_paths(conditions: Iterable[exp.Expr]) -> set[str] | None:
    """The URIs that `"$path" = ...` or `"$path" IN (...)` allow; None where nothing is said."""
    for condition in conditions:
        node = condition.unnest()
        if not (isinstance(node, exp.EQ | exp.In) and isinstance(node.this, exp.Column) and node.this.name == "$path"):
            continue
        values = [node.expression] if isinstance(node, exp.EQ) else node.expressions
        if values and all(isinstance(value, exp.Literal) for value in values):
            return {value.name for value in values}
    return None


def _named_objects(lake: Lake, partitions: Sequence[Partition], named: set[str]) -> list[StoredObject]:
    locations = {partition.location: partition for partition in partitions}
    wanted = []
    for path in sorted(named):
        partition = next((locations[folder] for folder in _parents(path) if folder in locations), None)
        if partition is not None:
            wanted.append((path, partition))
    found = _listed_ranges(lake, [path for path, _ in wanted])
    apart = [path for path, _ in wanted if path not in found]
    with ThreadPoolExecutor(max_workers=8) as pool:
        found |= zip(apart, pool.map(lambda path: _head(lake, path), apart), strict=True)
    return [
        StoredObject(path, head[0], partition, head[1])
        for path, partition in wanted
        if (head := found[path]) is not None
    ]


def _listed_ranges(lake: Lake, paths: Sequence[str]) -> dict[str, tuple[int, str] | None]:
    """Size and ETag, None if there is none, of those of the paths, in order, that one page a folder tells of.

    A page is no longer than twice the paths it is asked for, so that a folder of many others costs no more.
    """
    told: dict[str, tuple[int, str] | None] = {}
    for folder, group in itertools.groupby(paths, key=lambda path: path.rpartition("/")[0]):
        named = list(group)
        if len(named) <= _ASKED_APART:
            continue
        bucket, first = split_uri(named[0])
        page = lake.s3.list_objects_v2(
            Bucket=bucket,
            Prefix=split_uri(f"{folder}/")[1],
            # What comes before the first: S3 leaves out this key itself.
            StartAfter=first[:-1],
            MaxKeys=min(2 * len(named), _LISTED_AT_ONCE),
        )
        listed = {f"s3://{bucket}/{entry['Key']}": (entry["Size"], entry["ETag"]) for entry in page.get("Contents", [])}
        last = max(listed, default="") if page["IsTruncated"] else named[-1]
        told |= {path: listed.get(path) for path in named if path <= last}
    return told


def _head(lake: Lake, path: str) -> tuple[int, str] | None:
    """Size and ETag of an object; None if there is none."""
    bucket, key = split_uri(path)
    try:
        answer = lake.s3.head_object(Bucket=bucket, Key=key)
        return int(answer["ContentLength"]), str(answer["ETag"])
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            return None
        raise


def _listed_together(lake: Lake, partitions: Sequence[Partition]) -> list[StoredObject]:
    locations = {partition.location: partition for partition in partitions}
    first, last = min(locations), max(locations)
    common = first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]
    bucket, _ = split_uri(first)
    if not common.startswith(f"s3://{bucket}/"):
        common = f"s3://{bucket}/"
    found = []
    for path, size, content in list_objects(lake, common):
        partition = next((locations[folder] for folder in _parents(path) if folder in locations), None)
        if partition is not None:
            found.append(StoredObject(path, size, partition, content))
    return found


def _parents(path: str) -> list[str]:
    pieces = path.split("/")
    return ["/".join(pieces[:length]) + "/" for length in range(len(pieces) - 1, 2, -1)]
