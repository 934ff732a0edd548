import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from warehouse import Warehouse, generated_state


@pytest.fixture(scope="session")
def clean_state(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A clean Alabama state after its two nights; what they printed is kept."""
    warehouse = generated_state(
        tmp_path_factory.mktemp("clean"),
        *("--system", "accs", "--learners", "400", "--nights", "2"),
        *("--seed", "11", "--faults", "none"),
    )
    (warehouse.root / "printed.txt").write_text(warehouse.lrw("night", "--each"))
    return warehouse


@pytest.fixture(scope="session")
def wage_state(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A clean state of 250 with the wage records of its agency, after two nights."""
    warehouse = generated_state(
        tmp_path_factory.mktemp("wages"),
        *("--system", "accs", "--learners", "250", "--nights", "2"),
        *("--seed", "11", "--faults", "none", "--wages"),
    )
    warehouse.lrw("night", "--each")
    return warehouse
