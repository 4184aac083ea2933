"""What the two fuzz tests share: how many cases, and how inputs are spoiled."""

from __future__ import annotations

import os
import random
from typing import Any

CASES = int(os.environ.get("LANDFALL_FUZZ_CASES", "500"))
SEED = int(os.environ.get("LANDFALL_FUZZ_SEED", "20261121"))

STATEMENTS = (
    "select 1",
    "select a.x, count(*) over (partition by a.x order by y desc) from fuzz a join fuzz b on a.x = b.x"
    " where a.y like 'b%'",
    "insert into fuzz values (1, 'one'), (2, null)",
    "update fuzz set y = upper(y) where x between 1 and 3",
    "delete from fuzz where x > 100",
    "create temp table scratch (a int encode az64, b varchar(20)) diststyle key distkey(a) sortkey(a, b)",
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select * from n",
    "select json_extract_path_text('{\"a\": {\"b\": 1}}', 'a', 'b'), dateadd(day, 1, '2024-02-28'::date)",
    "begin; declare c cursor for select * from fuzz; fetch forward 2 from c; close c; commit",
    "prepare p (int) as select $1 + 1; execute p (1); deallocate p",
    "select * from svv_tables where table_schema = 'public'; show search_path",
    "merge into fuzz using (select 1 as x, 'z' as y) s on fuzz.x = s.x when matched then update set y = s.y"
    " when not matched then insert values (s.x, s.y)",
    "copy fuzz from 's3://nowhere/x' iam_role default format csv",
    "select case when x = 1 then 'a' else null end, x::numeric(10,2) / 3, x % 2 from fuzz"
    " order by 1 nulls first limit 3",
    "explain select * from fuzz",
    "grant select on fuzz to public; set query_group to 'q'; lock fuzz",
)
_WORDS = (
    *("select", "from", "where", "(", ")", "'", '"', ";", "--", "/*", "*/", "$1", "$99999999999", "null", "::", ".."),
    *("begin", "rollback", "1e400", "9" * 50, "\\", "\0", "\ud7ff", "é", "[", "]", "{", "cast(", ",", "having", "$$"),
)


ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 1e308, "", "x", "\0", "é\U0001f600", "a" * 5000, [], {}),
    *(
        [[]],
        [{}],
        {"name": "n"},
        [{"name": "n", "value": "1"}],
        "../../etc/passwd",
        "00000000-0000-0000-0000-00000000000",
    ),
)


def spoiled_text(rng: random.Random, text: str) -> str:
    """`text` with up to four random edits."""
    for _ in range(rng.randint(0, 4)):
        at, until = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        text = rng.choice(
            (
                text[:at] + text[until:],
                text[:at] + rng.choice(_WORDS) + text[at:],
                text[:at] + text[at:until] * rng.randint(2, 3) + text[until:],
                text[:at] + chr(rng.choice((0, 9, 39, 92, 127, 0xE9, 0x1F600))) + text[at + 1 :],
            )
        )
    return text


def spoiled_bytes(rng: random.Random, data: bytes) -> bytes:
    """`data` with up to four bytes changed, cut out or added."""
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(data) + 1)
        data = rng.choice(
            (
                data[:at] + rng.randbytes(1) + data[at + 1 :],
                data[:at] + data[at + rng.randint(1, 4) :],
                data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at:],
            )
        )
    return data
