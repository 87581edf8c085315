"""A ZIP archive written from front to back, of data that is deflated already.

Blocks deflated apart from each other, each flushed whole, are one stream when they stand one behind
the other: so sheets can be packed block by block, in several threads.
"""

import struct
import zlib
from dataclasses import dataclass

LEVEL = 2
MOST = 0xFFFF_FFFF
RAW = -zlib.MAX_WBITS
LAST_BLOCK = b"\x03\x00"
DEFLATED, VERSION = 8, 20
# Names are UTF-8; sizes and checksum stand behind the data.
UTF8, SIZES_BEHIND = 0x0800, 0x0008
# 1 January 1980, midnight: the same rows are always the same bytes.
CLOCK, DAY = 0, 0x0021

LOCAL = struct.Struct("<4s5H3I2H")
BEHIND = struct.Struct("<4s3I")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")


class ArchiveTooLarge(ValueError):
    """Beyond 4 GB, where readers of workbooks begin to differ."""


def deflate(data: bytes) -> bytes:
    """A block that stands by itself and is followed by others."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, RAW)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


@dataclass(slots=True)
class Member:
    """`size` counts the bytes before they were packed, `packed` those after."""

    name: bytes
    offset: int
    flags: int = UTF8
    crc: int = 0
    size: int = 0
    packed: int = 0

    def add(self, data: bytes, packed: int) -> None:
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)
        self.packed += packed

    @property
    def _shared(self) -> tuple[int, ...]:
        return (self.flags, DEFLATED, CLOCK, DAY)

    def local(self) -> bytes:
        sizes = (self.crc, self.packed, self.size)
        head = LOCAL.pack(b"PK\3\4", VERSION, *self._shared, *sizes, len(self.name), 0)
        return head + self.name

    def behind(self) -> bytes:
        return BEHIND.pack(b"PK\7\x08", self.crc, self.packed, self.size)

    def central(self) -> bytes:
        sizes = (self.crc, self.packed, self.size, len(self.name))
        rest = (0, 0, 0, 0, 0, self.offset)
        head = CENTRAL.pack(b"PK\1\2", VERSION, VERSION, *self._shared, *sizes, *rest)
        return head + self.name


class ZipStream:
    """Hands out the bytes to be written, in order. Raises ArchiveTooLarge."""

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._offset = 0

    def whole(self, name: str, text: str) -> bytes:
        """A small member at once."""
        data = text.encode()
        packed = deflate(data) + LAST_BLOCK
        member = self._new(name)
        member.add(data, len(packed))
        return self._counted(member.local() + packed)

    def begin(self, name: str) -> bytes:
        """A member that comes in blocks, up to `end`."""
        member = self._new(name)
        member.flags |= SIZES_BEHIND
        return self._counted(member.local())

    def block(self, data: bytes, packed: bytes) -> bytes:
        """`packed` is what `deflate` made of `data`."""
        self._members[-1].add(data, len(packed))
        return self._counted(packed)

    def end(self) -> bytes:
        member = self._members[-1]
        member.packed += len(LAST_BLOCK)
        if member.size > MOST:
            raise ArchiveTooLarge
        return self._counted(LAST_BLOCK + member.behind())

    def finish(self) -> bytes:
        start = self._offset
        directory = b"".join(member.central() for member in self._members)
        count = len(self._members)
        return directory + END.pack(b"PK\5\6", 0, 0, count, count, len(directory), start, 0)

    def _new(self, name: str) -> Member:
        self._members.append(Member(name.encode(), self._offset))
        return self._members[-1]

    def _counted(self, data: bytes) -> bytes:
        self._offset += len(data)
        if self._offset > MOST:
            raise ArchiveTooLarge
        return data
