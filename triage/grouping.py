"""Groups log messages by what they say: one setting for every system, templates as they come out, nothing learnt.

Pure and bounded. Drain (He et al., ICWS 2017; the `drain3` package with its defaults) joins messages whose tokens
mostly agree. What it joined too far is parted again: a place that takes a few words, each of them often, belongs to
the template ("session opened", "session closed"); one that takes many is a value.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from drain3.drain import Drain, LogCluster

from triage.masking import MASK, mask_message

_MOST_SHAPES = 20_000
_MOST_CLUSTERS = 4_000
_NEAREST = 128  # candidates compared with a message: the latest of its branch
_FEW, _FEW_TIMES = 3, 2  # so few words at a place are its template's if each came twice on the average
_SOME, _SOME_TIMES, _OFTEN = 8, 8, 0.05  # so many if each came eight times, and none is rare
_NAMED = frozenset({"user", "User", "username", "account", "host", "hostname"})  # a name follows, never a state
_WORD = re.compile(r"[A-Z]?[a-z]+")
_OUTER = ",.:;!?()[]{}"

Shape = tuple[str, ...]


class _Tree(Drain):
    """Drain whose step is bounded: messages made to differ cannot make each one dearer than the one before."""

    def fast_match(
        self,
        cluster_ids: Collection[int],
        tokens: Sequence[str],
        sim_th: float,
        include_params: bool,  # noqa: FBT001
    ) -> LogCluster | None:
        return super().fast_match(list(cluster_ids)[-_NEAREST:], tokens, sim_th, include_params)


@dataclass(slots=True)
class Grouping:
    """Takes messages one after another; `groups` says in the end which belong together."""

    tree: Drain = field(default_factory=lambda: _Tree(param_str=MASK, max_clusters=_MOST_CLUSTERS))
    clusters: dict[Shape, int] = field(default_factory=dict)
    counts: Counter[Shape] = field(default_factory=Counter)

    def add(self, message: str, *, count: int = 1) -> Shape:
        """Take a message in and return its shape. Past the bound on shapes the unknown ones count as one, the empty."""
        return self.add_shape(mask_message(message), count=count)

    def add_shape(self, shape: Shape, *, count: int = 1) -> Shape:
        if shape not in self.clusters:
            if len(self.clusters) >= _MOST_SHAPES:
                shape = ()
            self.clusters[shape] = self.tree.add_log_message(" ".join(shape))[0].cluster_id
        self.counts[shape] += count
        return shape

    def groups(self) -> dict[Shape, str]:
        """Return the template of each shape; shapes of one group have the same."""
        members: dict[int, list[Shape]] = defaultdict(list)
        for shape, cluster in self.clusters.items():
            members[cluster].append(shape)
        found: dict[Shape, str] = {}
        for shapes in members.values():
            for part in self._parted(shapes):
                template = " ".join(_common(part))
                found.update(dict.fromkeys(part, template))
        return found

    def _parted(self, shapes: list[Shape]) -> Iterable[list[Shape]]:
        if len(shapes) == 1:
            return [shapes]
        columns = list(zip(*shapes, strict=True))
        places = [
            place
            for place, tokens in enumerate(columns)
            if self._is_said(tokens, shapes) and not (place and set(columns[place - 1]) <= _NAMED)
        ]
        parts: dict[Shape, list[Shape]] = defaultdict(list)
        for shape in shapes:
            parts[tuple(shape[place] for place in places)].append(shape)
        return parts.values()

    def _is_said(self, tokens: Sequence[str], shapes: Sequence[Shape]) -> bool:
        """Tell whether a place that varies takes so few words that they are the template's, not values."""
        different = set(tokens)
        if not 1 < len(different) <= _SOME or not all(_WORD.fullmatch(token.strip(_OUTER)) for token in different):
            return False
        often: Counter[str] = Counter()
        for token, shape in zip(tokens, shapes, strict=True):
            often[token] += self.counts[shape]
        if len(different) <= _FEW:
            return often.total() >= _FEW_TIMES * len(different)
        return often.total() >= _SOME_TIMES * len(different) and min(often.values()) >= _OFTEN * often.total()


def _common(shapes: Sequence[Shape]) -> Shape:
    return tuple(tokens[0] if len(set(tokens)) == 1 else MASK for tokens in zip(*shapes, strict=True))


def group_messages(messages: Iterable[str]) -> list[str]:
    """Return the template of each message."""
    grouping = Grouping()
    shapes = [grouping.add(message) for message in messages]
    templates = grouping.groups()
    return [templates[shape] for shape in shapes]
