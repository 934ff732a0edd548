"""A college's machine that uploads slowly, as a process: slow_writer.py FROM TO HOW.

HOW: ``last`` writes the manifest last, ``first`` before all others; ``laid_out`` gives
a file its size at once, full of zeros, and the date 1980 until it is done, as robocopy
does. FROM may be one archive.
"""

import os
import sys
import time
from pathlib import Path

PIECES, PAUSE = 4, 0.4
_OLD = 315_532_800


def main(source: Path, to: Path, how: str) -> None:
    """Write the files one after the other, piece by piece."""
    if source.is_file():
        write(source, to, laid_out=how == "laid_out")
        return
    to.mkdir(exist_ok=True)
    # The largest take long, the others come at once.
    names = sorted(path.name for path in source.iterdir())
    names.sort(key=lambda name: (name == "manifest.json") == (how != "first"))
    for name in names:
        if name in ("person.csv", "course_result.csv"):
            write(source / name, to / name, laid_out=how == "laid_out")
        else:
            (to / name).write_bytes((source / name).read_bytes())


def write(source: Path, to: Path, *, laid_out: bool) -> None:
    """Write one file in pieces with pauses between."""
    content = source.read_bytes()
    step = -(-len(content) // PIECES)
    with to.open("wb") as out:
        if laid_out:
            out.write(bytes(len(content)))
            out.seek(0)
        for at in range(0, len(content), step):
            out.write(content[at : at + step])
            out.flush()
            if laid_out:
                os.utime(to, (_OLD, _OLD))
            time.sleep(PAUSE)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
