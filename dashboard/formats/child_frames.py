"""How a reader in a process of its own answers: a letter, a length, and that many bytes."""

import struct

HEAD = struct.Struct(">cQ")
REFUSAL, END = b"R", b"E"
