"""Which stretch of time a scope shows: the newest, or one that stands still."""

from dataclasses import dataclass, replace

SPANS_S = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0),
)
SHORTEST_S, LONGEST_S = 1e-5, 1e6
# Of the window: a view that ends so near the newest sample follows it.
_NEAR = 0.05


@dataclass(frozen=True)
class ScopeWindow:
    """A window of time.

    Attributes:
        span_s: its length.
        end_s: its end, since the trace began; None: it follows the newest sample.
    """

    span_s: float
    end_s: float | None = None

    def ends(self, newest_s: float) -> tuple[float, float]:
        """Begin and end."""
        end_s = newest_s if self.end_s is None else self.end_s
        return end_s - self.span_s, end_s

    def spanning(self, span_s: float, newest_s: float) -> "ScopeWindow":
        """Longer or shorter about its middle; at its end where it follows."""
        span_s = min(max(span_s, SHORTEST_S), LONGEST_S)
        if self.end_s is None:
            return ScopeWindow(span_s)
        return ScopeWindow(span_s, self.end_s + 0.5 * (span_s - self.span_s)).kept(newest_s)

    def moved(self, share: float, newest_s: float) -> "ScopeWindow":
        """Later by a share of its length."""
        end_s = self.ends(newest_s)[1] + share * self.span_s
        return ScopeWindow(self.span_s, end_s).kept(newest_s)

    def between(self, from_s: float, to_s: float, newest_s: float, *, live: bool) -> "ScopeWindow":
        """This one; it goes on following if it did, and if it ends at the newest sample."""
        span_s = min(max(to_s - from_s, SHORTEST_S), LONGEST_S)
        if live and self.end_s is None and abs(to_s - newest_s) < _NEAR * span_s:
            return ScopeWindow(span_s)
        return ScopeWindow(span_s, to_s).kept(newest_s)

    def kept(self, newest_s: float) -> "ScopeWindow":
        """Not so far away that nothing is left to see."""
        if self.end_s is None:
            return self
        end_s = min(max(self.end_s, 0.05 * self.span_s), newest_s + 0.95 * self.span_s)
        return replace(self, end_s=end_s)
