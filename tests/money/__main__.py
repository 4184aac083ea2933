"""`make money`: a month of generated data through real loads, models and publications, to the cent."""

from __future__ import annotations

import argparse
import logging
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.money import account
from tests.money.account import Money
from tests.money.published import PAYMENTS, SALES, TABLES, published
from tests.mutations.prepare import take_in, traffic, transform
from tests.mutations.stage import Stage


def main(argv: Sequence[str] | None = None) -> int:
    """Take the days in, publish, print the totals and every difference; return 1 if there is one."""
    parser = argparse.ArgumentParser(prog="make money", description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--events", type=int, default=1500, help="events a day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(".local/money"), help="scratch folder")
    parser.add_argument("--journal", type=Path, help="compare with this account; nothing is sent or built")
    args = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    args.folder.mkdir(parents=True, exist_ok=True)
    journal = args.journal
    began_at = time.monotonic()
    if journal is None:
        journal = args.folder / "money.sqlite"
        journal.unlink(missing_ok=True)
        days = traffic(journal=journal, days=args.days, events=args.events, seed=args.seed)
        stage = Stage(args.folder)
        take_in(stage, days, range(1, args.days + 1))
        transform(stage, run_id="money")
    differences = _compared("payments", account.payments(journal), PAYMENTS)
    differences += _compared("sales", account.sales(journal), SALES)
    sys.stdout.write(f"{differences} differences; {time.monotonic() - began_at:.0f} s\n")
    return 1 if differences else 0


def _compared(what: str, sent: Money, measures: Sequence[str]) -> int:
    """Print the totals of the account by currency beside those of both engines; return how many cells differ."""
    found = {engine: published(engine, what) for engine in ("athena", "redshift")}
    cells = {(key, measure) for money in (sent, *found.values()) for key in money for measure in measures}
    off = [
        (engine, key, measure)
        for key, measure in sorted(cells)
        for engine, money in found.items()
        if money.get(key, {}).get(measure, 0) != sent.get(key, {}).get(measure, 0)
    ]
    sys.stdout.write(f"\n{what}: {len(sent)} customers and currencies; cents by currency\n")
    for name, money in (("the producer's account", sent), *((TABLES[each, what], found[each]) for each in found)):
        sys.stdout.write(f"  {name}\n")
        for currency, totals in sorted(_by_currency(money).items()):
            told = "  ".join(f"{measure} {totals[measure]:>14,}" for measure in measures)
            sys.stdout.write(f"    {currency}  {told}\n")
    for engine, key, measure in off[:20]:
        sys.stdout.write(
            f"  {engine}: {measure} of {'/'.join(key)} is {found[engine].get(key, {}).get(measure, 0)}, "
            f"sent were {sent.get(key, {}).get(measure, 0)}\n"
        )
    return len(off)


def _by_currency(money: Money) -> dict[str, Counter[str]]:
    totals: dict[str, Counter[str]] = {}
    for (_, currency), measures in money.items():
        totals.setdefault(currency, Counter()).update(measures)
    return totals


if __name__ == "__main__":
    sys.exit(main())
