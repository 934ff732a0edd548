import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from warehouse import Warehouse, generated_state


@pytest.fixture(scope="session")
def clean_state(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A clean Alabama state, with wage records, after its two nights.

    What they printed is kept.
    """
    warehouse = generated_state(
        tmp_path_factory.mktemp("clean"),
        *("--system", "accs", "--learners", "400", "--nights", "2"),
        *("--seed", "11", "--faults", "none", "--wages"),
    )
    (warehouse.root / "printed.txt").write_text(warehouse.lrw("night", "--each"))
    return warehouse
