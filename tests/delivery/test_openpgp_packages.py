"""OpenPGP with the real gpg: good only with a good signature of that college's key."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from college_keys import Keys
from drop_world import DAY, HOURS, World, outcomes, package, reason
from hostile_zips import HOSTILE, files_of, zipped

from pipelines.delivery.openpgp import Keyring, SealError, shred

NAME = f"{DAY}.zip.pgp"


@pytest.fixture
def sealed(world: World, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> World:
    """A college that signs, another that signs with a key of its own."""
    # gpg-agent's socket needs a short path; pytest's folders can be long.
    short = keys.root / "h"
    monkeypatch.setattr(type(world.home), "openpgp", property(lambda home: short))
    if not short.exists():
        keys.fill(short)
    own = [keys.college, keys.expired, keys.revoked]
    world.agree("CACC", signing_keys=own)
    world.agree("CVCC", signing_keys=[keys.neighbour])
    return world


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    archive = tmp_path / "plain.zip"
    archive.write_bytes(zipped(files_of(package(tmp_path))))
    return archive


def mailbox(world: World, code: str = "CACC") -> Path:
    folder = world.home.inbox / code
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def refused(world: World, name: str = NAME) -> str:
    landed = world.land(later=HOURS)[name]
    assert (landed.verdict, landed.edits) == ("rejected", {"F22": 1})
    return world.finding("CACC", name)


def test_a_package_signed_by_its_college_lands(
    sealed: World, keys: Keys, plain: Path
) -> None:
    keys.seal(plain, mailbox(sealed) / NAME, keys.college)
    assert outcomes(sealed.collect()) == {NAME: "opened"}
    assert sealed.land()[NAME].verdict == "accepted"
    left = {path.suffix for path in sealed.home.opened.rglob("*") if path.is_file()}
    assert ".zip" not in left, "the decrypted archive does not stay"
    assert sealed.land() == {}


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        ("neighbour", "not of this college"),
        ("stranger", "does not have"),
        ("revoked", "revoked"),
        ("expired", "expired"),
        (None, "not signed"),
    ],
)
def test_any_other_signer_is_refused(
    sealed: World, keys: Keys, plain: Path, signer: str | None, words: str
) -> None:
    key = getattr(keys, signer) if signer else None
    # A key that has expired signed while it had not.
    faked = "20240101T120000" if signer == "expired" else None
    keys.seal(plain, mailbox(sealed) / NAME, key, faked)
    assert words in refused(sealed)


def test_a_signed_package_that_is_not_encrypted_is_refused(
    sealed: World, keys: Keys, plain: Path
) -> None:
    to = mailbox(sealed) / NAME
    keys.gpg("--sign", "--local-user", keys.college, "--output", to, plain)
    assert "not encrypted" in refused(sealed)


def test_a_package_for_another_key_is_refused(
    sealed: World, keys: Keys, plain: Path
) -> None:
    to = mailbox(sealed) / NAME
    target = ["--encrypt", "--recipient", keys.stranger]
    keys.gpg("--sign", "--local-user", keys.college, *target, "--output", to, plain)
    assert "decrypt" in refused(sealed) or "office" in refused(sealed)


def test_a_plain_package_of_a_college_that_signs_is_refused(
    sealed: World, plain: Path
) -> None:
    package(mailbox(sealed))
    (mailbox(sealed) / "2026-09-02.zip").write_bytes(plain.read_bytes())
    for landed in sealed.land().values():
        assert (landed.verdict, landed.edits) == ("rejected", {"F22": 1})


def test_an_unsigned_package_passes_only_where_the_profile_says_so(
    sealed: World, keys: Keys, plain: Path
) -> None:
    sealed.agree("CACC", require_signature=False)
    keys.seal(plain, mailbox(sealed) / NAME, None)
    assert sealed.land()[NAME].verdict == "accepted"
    sealed.agree("CACC")
    keys.seal(plain, mailbox(sealed) / "2026-09-02.zip.pgp", None)
    assert sealed.land()["2026-09-02.zip.pgp"].edits == {"F22": 1}


def test_no_flipped_bit_and_no_truncation_is_accepted_or_leaves_plaintext(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    draw = random.Random(20260901)
    whole = keys.seal(plain, tmp_path / "whole.pgp", keys.college).read_bytes()
    ring = Keyring(sealed.home.openpgp)
    broken, out = tmp_path / "broken.pgp", tmp_path / "out"
    cuts = [whole[:-1], whole[:-4], whole[:-8], whole[: len(whole) // 2], b""]
    flips = []
    for _ in range(25):
        copy = bytearray(whole)
        bit = draw.randrange(len(copy) * 8)
        copy[bit // 8] ^= 1 << bit % 8
        flips.append(bytes(copy))
    accepted = 0
    for content in (*cuts, *flips, whole + b"trailing", whole + whole):
        broken.write_bytes(content)
        try:
            ring.decrypt(broken, out, [keys.college], needs_signature=True)
        except SealError:
            assert not out.exists()
            continue
        # The recipient's key id in the clear is a hint, which may be any.
        accepted += out.read_bytes() != plain.read_bytes()
        out.unlink()
    assert accepted == 0


def test_a_cut_off_package_waits_while_it_may_be_growing(
    sealed: World, keys: Keys, plain: Path
) -> None:
    path = keys.seal(plain, mailbox(sealed) / NAME, keys.college)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert outcomes(sealed.collect()) == {NAME: "waiting"}
    path.write_bytes(whole)
    assert sealed.land()[NAME].verdict == "accepted"


def test_a_hostile_zip_within_a_good_signature_is_refused(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    hostile = tmp_path / "hostile.zip"
    hostile.write_bytes(HOSTILE["traversal"][0](files_of(tmp_path / DAY)))
    keys.seal(hostile, mailbox(sealed) / NAME, keys.college)
    assert sealed.land()[NAME].edits == {"F21": 1}


def test_an_openpgp_file_that_grows_without_measure_is_refused(
    sealed: World, keys: Keys, tmp_path: Path
) -> None:
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(1 << 24))
    bomb = keys.seal(zeros, tmp_path / "bomb.pgp", keys.college)
    assert bomb.stat().st_size < 1 << 17
    with pytest.raises(SealError, match="holds more than"):
        Keyring(sealed.home.openpgp).decrypt(
            bomb, tmp_path / "o", [keys.college], needs_signature=True, limit=1 << 20
        )
    assert not (tmp_path / "o").exists()


def seal_folder(keys: Keys, folder: Path, signer: str | None) -> None:
    for path in sorted(folder.iterdir()):
        keys.seal(path, path.with_name(f"{path.name}.gpg"), signer)
        path.unlink()


def test_a_folder_of_signed_files_lands(sealed: World, keys: Keys) -> None:
    seal_folder(keys, package(mailbox(sealed)), keys.college)
    assert sealed.land()[DAY].verdict == "accepted"


def test_one_file_by_another_signer_or_in_plain_refuses_the_folder(
    sealed: World, keys: Keys, tmp_path: Path
) -> None:
    folder = package(mailbox(sealed))
    text = (folder / "person.csv").read_bytes()
    seal_folder(keys, folder, keys.college)
    (tmp_path / "person.csv").write_bytes(text)
    keys.seal(tmp_path / "person.csv", folder / "person.csv.gpg", keys.neighbour)
    assert "person.csv.gpg: it is signed with a key that is not" in refused(sealed, DAY)

    (folder / "person.csv.gpg").unlink()
    (folder / "person.csv").write_bytes(text)
    assert "is not signed" in refused(sealed, DAY)

    keys.seal(tmp_path / "person.csv", folder / "person.csv.gpg", keys.college)
    assert sealed.land(later=HOURS)[DAY].edits == {"F21": 1}, (
        "plain and sealed: which counts?"
    )


def test_without_the_office_s_key_packages_wait_and_nobody_is_blamed(
    sealed: World, keys: Keys, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = keys.root / "e"
    monkeypatch.setattr(type(sealed.home), "openpgp", property(lambda home: empty))
    keys.seal(plain, mailbox(sealed) / NAME, keys.college)
    events = sealed.collect(later=HOURS)
    assert outcomes(events) == {NAME: "waiting"}
    assert "has no OpenPGP key" in reason(events, NAME)
    assert sealed.land() == {}
    assert empty.stat().st_mode & 0o077 == 0


def decrypted(world: World, keys: Keys, file: Path, signer: str) -> str | None:
    """Who signed a file, by the warehouse's ring; raises as it does."""
    out = file.with_suffix(".out")
    ring = Keyring(world.home.openpgp)
    try:
        return ring.decrypt(file, out, [signer], needs_signature=True)
    finally:
        out.unlink(missing_ok=True)


def renew(world: World, keys: Keys, fingerprint: str) -> None:
    """The college sends its public key again."""
    file = keys.root / "renewed.asc"
    file.write_bytes(keys.gpg("--armor", "--export", fingerprint))
    Keyring(world.home.openpgp).import_keys(file)


def test_a_subkey_signs_for_its_college_until_it_is_revoked(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    primary = keys.make("A college with a subkey")
    subkey = keys.add_signing_subkey(primary)
    renew(sealed, keys, primary)
    file = keys.seal(plain, tmp_path / "a.pgp", f"{subkey}!")
    assert decrypted(sealed, keys, file, primary) == primary
    assert decrypted(sealed, keys, file, subkey) == subkey, "the profile may name it"
    with pytest.raises(SealError, match="not of this college"):
        decrypted(sealed, keys, file, keys.neighbour)

    keys.revoke_subkey(primary, 2)
    renew(sealed, keys, primary)
    for named in (primary, subkey):
        with pytest.raises(SealError, match="revoked"):
            decrypted(sealed, keys, file, named)


def test_a_second_signature_by_another_refuses_the_file(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.pgp"
    signers = ("--local-user", keys.college, "--local-user", keys.neighbour)
    target = ("--encrypt", "--recipient", keys.office)
    keys.gpg("--sign", *signers, *target, "--output", both, plain)
    for college in (keys.college, keys.neighbour):
        with pytest.raises(SealError, match="not of this college"):
            decrypted(sealed, keys, both, college)


def test_the_revocation_of_a_college_s_key_can_be_imported(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    fingerprint = keys.make("A college that loses its key")
    renew(sealed, keys, fingerprint)
    file = keys.seal(plain, tmp_path / "a.pgp", fingerprint)
    assert decrypted(sealed, keys, file, fingerprint) == fingerprint
    told = Keyring(sealed.home.openpgp).import_keys(keys.revocation(fingerprint))
    assert [key.fingerprint for key in told] == [fingerprint]
    with pytest.raises(SealError, match="revoked"):
        decrypted(sealed, keys, file, fingerprint)


def test_a_bomb_is_refused_for_its_size_whatever_language_gpg_speaks(
    sealed: World, keys: Keys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = ["localedef", "-i", "de_DE", "-f", "UTF-8", tmp_path / "de_DE.UTF-8"]
    if (
        shutil.which("localedef") is None
        or subprocess.run(made, check=False).returncode
    ):
        pytest.skip("this machine has no German locale to make")
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(1 << 24))
    bomb = keys.seal(zeros, tmp_path / "bomb.pgp", keys.college)
    speech = {"LOCPATH": str(tmp_path), "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}
    for name, value in speech.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SealError, match="holds more than 1048576 bytes"):
        Keyring(sealed.home.openpgp).decrypt(
            bomb, tmp_path / "o", [keys.college], needs_signature=True, limit=1 << 20
        )


def test_an_encrypted_package_is_removed_once_it_is_stored(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    zone = tmp_path / "zone"
    zone.mkdir()
    where = {"kind": "folder", "path": str(zone), "remove_after_storing": True}
    sealed.agree("CACC", signing_keys=[keys.college], **where)
    keys.seal(plain, zone / NAME, keys.college)
    seal_folder(keys, package(zone, "2026-09-02"), keys.college)
    sent = {path.read_bytes() for path in zone.rglob("*") if path.is_file()}
    both = {NAME, "2026-09-02"}

    events = sealed.collect(later=HOURS)
    assert [e.outcome for e in events] == ["taken", "taken", "opened", "opened"]
    assert outcomes(sealed.collect(later=HOURS)) == {}, "not in the ledger yet"
    assert {path.name for path in zone.iterdir()} == both
    assert {name: one.verdict for name, one in sealed.land().items()} == dict.fromkeys(
        both, "accepted"
    )
    assert outcomes(sealed.collect()) == dict.fromkeys(both, "removed")
    assert list(zone.iterdir()) == []
    kept = {path.read_bytes() for path in sealed.home.objects.glob("*/*")}
    assert sent <= kept, "the encrypted bytes and their signatures stay"


def test_a_refused_encrypted_package_is_removed_with_its_bytes_kept(
    sealed: World, keys: Keys, plain: Path, tmp_path: Path
) -> None:
    zone = tmp_path / "zone"
    zone.mkdir()
    where = {"kind": "folder", "path": str(zone), "remove_after_storing": True}
    sealed.agree("CACC", signing_keys=[keys.college], **where)
    content = keys.seal(plain, zone / NAME, keys.neighbour).read_bytes()
    sealed.collect(later=HOURS)
    assert sealed.land()[NAME].edits == {"F22": 1}
    assert outcomes(sealed.collect()) == {NAME: "removed"}
    assert content in {path.read_bytes() for path in sealed.home.objects.glob("*/*")}


def test_a_shredded_file_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"secret" * 400_000)
    shred(path)
    assert not path.exists()
    shred(path)
