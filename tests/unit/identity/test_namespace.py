"""The namespace of derived ids: one a warehouse, for ever, and not to be guessed."""

from pipelines.identity.namespace import id_namespace
from pipelines.settings import Home


def test_a_warehouse_keeps_its_namespace_and_shares_it_with_no_other(tmp_path):
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    assert id_namespace(one) == id_namespace(one)
    assert id_namespace(one) != id_namespace(other)


def test_the_namespace_comes_with_the_vault(tmp_path):
    one, restored = Home(tmp_path / "one"), Home(tmp_path / "restored")
    namespace = id_namespace(one)
    restored.vault.mkdir(parents=True)
    (restored.vault / "pepper").write_bytes((one.vault / "pepper").read_bytes())
    assert id_namespace(restored) == namespace
