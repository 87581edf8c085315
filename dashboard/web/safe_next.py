"""Where to go after signing in: a path of this site and nothing else."""


def safe_next(target: str | None) -> str | None:
    """`target` when it is one leading slash and no trick, else None.

    Browsers read `//host` and `/\\host` as another site, and drop control characters first.
    """
    if not target or target[0] != "/" or target[1:2] in ("/", "\\") or len(target) > 2000:
        return None
    if any(ord(c) < 32 or ord(c) == 127 for c in target):
        return None
    return target
