import pytest


@pytest.fixture(scope="session", autouse=True)
def warehouse_of_these_tests(tmp_path_factory):
    """Definitions read LRW_HOME when they load; no test may touch a real warehouse."""
    root = tmp_path_factory.mktemp("defs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LRW_HOME", str(root))
        yield root


@pytest.fixture(scope="session")
def definitions(warehouse_of_these_tests):
    from pipelines.definitions import defs

    return defs()
