"""How many requests a token may make: a bucket per token that fills up again by itself."""

import threading
import time
from collections import OrderedDict

PER_MINUTE = 600
MOST_TOKENS = 10_000


class Buckets:
    """Kept in this process: n web processes together allow up to n times as much."""

    def __init__(self, per_minute: int = PER_MINUTE, most: int = MOST_TOKENS) -> None:
        self.per_minute, self.most = per_minute, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, moment: float | None = None) -> int:
        """0 when the request may go on, else whole seconds until the next may."""
        moment = time.monotonic() if moment is None else moment
        rate = self.per_minute / 60
        with self._lock:
            left, seen = self._left.pop(key, (float(self.per_minute), moment))
            left = min(float(self.per_minute), left + (moment - seen) * rate)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, moment)
            while len(self._left) > self.most:
                self._left.popitem(last=False)
        return 0 if allowed else max(1, round((1 - left) / rate))
