"""What the votes say: for each pair of methods the share preferred, its interval, a test against chance."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any

from inpaintlab.records.cells import POOL, Bucket, Cell
from inpaintlab.records.markdown import markdown
from inpaintlab.study.definition import Study
from inpaintlab.study.store import Vote
from inpaintlab.study.trials import count

SCHEMA = 1
NORMAL = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The content of ``result.json``.

        schema, question, methods, evaluations, conditions
        votes, participants, finished (participants who answered all)
        exposures   [{exposure, votes, shown}]; shown: median of the measured seconds
        rows        [{first, second, exposure, bucket, border, votes, participants, preferred, share, low, high, p}]

    ``preferred`` of ``votes`` were for ``first``; ``low`` to ``high`` is Wilson's 95 % interval of ``share``; ``p`` is
    the two-sided binomial test of a share of one half. Without votes these four are None. A row with bucket and border
    "all" is over all cells, where there are several.
    """

    record: dict[str, Any]

    def markdown(self) -> str:
        """Lay it out: for each exposure the methods against each other, then each pair by cell."""
        record = self.record
        parts = [
            f"# {record['question']}\n\n{record['votes']} votes by {record['participants']} participants "
            f"({record['finished']} answered all). Percentage of votes for the row's picture against the column's, "
            "with Wilson's 95 % interval; bold: another share than one half (two-sided binomial test, p < 0.05). Votes "
            "are taken as independent, and p is not corrected for the number of comparisons.\n"
        ]
        for exposure in record["exposures"]:
            rows = [row for row in record["rows"] if row["exposure"] == exposure["exposure"]]
            parts.append(f"## {_heading(exposure)}\n\n{matrix(record['methods'], rows)}\n{listing(rows)}")
        return "\n".join(parts)


def summarise(study: Study, votes: Iterable[Vote]) -> Result:
    """Count the votes of a study."""
    votes = list(votes)
    people = [vote.participant for vote in votes]
    cells = list(dict.fromkeys(Cell.read(item) for item in study.items))
    rows = []
    for exposure in study.exposures:
        for pair in combinations(study.methods, 2):
            mine = [vote for vote in votes if vote.exposure == exposure and {vote.left, vote.right} == set(pair)]
            head = {"first": pair[0], "second": pair[1], "exposure": exposure}
            if len(cells) > 1:
                rows.append({**head, **POOL.plain, **tally(mine, pair[0])})
            for cell in cells:
                part = [vote for vote in mine if vote.cell == cell]
                rows.append({**head, **cell.plain, **tally(part, pair[0])})
    return Result(
        {
            "schema": SCHEMA,
            **{name: getattr(study, name) for name in ("question", "methods", "evaluations", "conditions")},
            "votes": len(votes),
            "participants": len(set(people)),
            "finished": sum(people.count(one) == count(study) for one in set(people)),
            "exposures": [_measured(exposure, votes) for exposure in study.exposures],
            "rows": rows,
        }
    )


def tally(votes: Sequence[Vote], first: str) -> Row:
    """Count the votes of one pair, of which ``first`` is one."""
    preferred = sum(vote.chosen == first for vote in votes)
    low, high = wilson(preferred, len(votes))
    return {
        "votes": len(votes),
        "participants": len({vote.participant for vote in votes}),
        "preferred": preferred,
        "share": preferred / len(votes) if votes else None,
        "low": low,
        "high": high,
        "p": binomial_p(preferred, len(votes)),
    }


def wilson(preferred: int, votes: int) -> tuple[float | None, float | None]:
    """Return Wilson's 95 % interval of the share ``preferred / votes``; None, None without votes."""
    if votes == 0:
        return None, None
    share, square = preferred / votes, NORMAL**2 / votes
    middle = (share + square / 2) / (1 + square)
    reach = NORMAL * math.sqrt(share * (1 - share) / votes + square / votes / 4) / (1 + square)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def binomial_p(preferred: int, votes: int) -> float | None:
    """Return the two-sided exact p of ``preferred`` of ``votes`` when both are as likely; None without votes."""
    if votes == 0:
        return None
    tail = sum(math.comb(votes, k) for k in range(min(preferred, votes - preferred) + 1))
    return min(1.0, 2 * tail / 2**votes)


def matrix(methods: Sequence[str], rows: Sequence[Row]) -> str:
    """Return methods against methods over all cells, as MADF's figure 10."""
    pooled = [row for row in rows if row["bucket"] == "all"] or rows
    cells = {}
    for row in pooled:
        pair, strong = (row["first"], row["second"]), row["p"] is not None and row["p"] < 0.05
        cells[pair] = _cell(row, lambda share: share, strong)
        cells[pair[::-1]] = _cell(row, lambda share: 1 - share, strong)
    table = [{"preferred": one, **{f"to {two}": cells.get((one, two)) for two in methods}} for one in methods]
    return markdown(table)


def listing(rows: Sequence[Row]) -> str:
    """Return each pair by hole ratio and border."""
    return markdown(
        [
            {
                "preferred": f"{row['first']} to {row['second']}",
                "bucket": Bucket.read(row["bucket"]),
                "border": row["border"],
                "share": _cell(row, lambda share: share, False),
                "p": None if row["p"] is None else "< 0.001" if row["p"] < 0.001 else f"{row['p']:.3f}",
                "for": f"{row['preferred']} of {row['votes']}",
                "participants": row["participants"],
            }
            for row in rows
        ]
    )


def _cell(row: Row, seen: Callable[[float], float], strong: bool) -> str | None:
    if row["share"] is None:
        return None
    low, high = sorted((seen(row["low"]), seen(row["high"])))
    text = f"{100 * seen(row['share']):.1f} %"
    return f"{f'**{text}**' if strong else text} ({100 * low:.1f} to {100 * high:.1f})"


def _measured(exposure: float | None, votes: Sequence[Vote]) -> Row:
    mine = [vote for vote in votes if vote.exposure == exposure]
    shown = [vote.shown for vote in mine if vote.shown is not None]
    return {"exposure": exposure, "votes": len(mine), "shown": median(shown) if shown else None}


def _heading(exposure: Row) -> str:
    shown = "" if exposure["shown"] is None else f" (median measured: {exposure['shown']:.3f} s)"
    name = "Unlimited time" if exposure["exposure"] is None else f"Shown for {exposure['exposure']:g} s"
    return f"{name}{shown}: {exposure['votes']} votes"
