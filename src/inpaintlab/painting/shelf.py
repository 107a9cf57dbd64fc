"""What is open: pictures, and the jobs that fill them, as long as there is room for their pixels."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from inpaintlab.basics.errors import UserError

Item = TypeVar("Item")


class Shelf(Generic[Item]):
    """Items by their ids; where all together would take more than ``room`` bytes, those unused for longest go."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._items: OrderedDict[str, tuple[Item, int]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: str, item: Item, size: int) -> None:
        """Keep an item of ``size`` bytes, even if it is larger than all the room."""
        with self._lock:
            self._items[key] = item, size
            while len(self._items) > 1 and sum(size for _, size in self._items.values()) > self.room:
                self._items.popitem(last=False)

    def get(self, key: str) -> Item:
        """Return an item; ``UserError`` if it is not here, or not here any more."""
        with self._lock:
            if key not in self._items:
                raise UserError("this picture is not open here any more; open it again")
            self._items.move_to_end(key)
            return self._items[key][0]
