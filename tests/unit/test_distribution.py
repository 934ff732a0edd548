"""How several processes share the tests."""

import re
import subprocess
import sys
from collections import defaultdict

from pipelines.settings import CHECKOUT

FILES = (
    "tests/contracts/test_practice_list.py",
    "tests/contracts/test_contract_files.py",
)


def test_one_process_has_all_tests_that_share_a_state() -> None:
    """Each of three processes made every night: 50 minutes, not 29."""
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    (flags,) = re.findall(r"^BY_STATE := (.+)$", makefile, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", *flags.split(), "-vv", *FILES],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    workers = defaultdict(set)
    for worker, file in re.findall(r"\[(gw\d)\].* PASSED (\S+?)::", done.stdout):
        workers[file].add(worker)
    assert set(workers) == set(FILES)
    assert [len(found) for found in workers.values()] == [1, 1]
