import shutil
import struct
import subprocess
import zlib

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.data import debian_packages
from inpaintlab.data.debian_packages import obtain_files, read_rcc


def rcc(files):
    """Write a Qt resource file of version 2: a root, a folder ``pictures`` in it, the files in that."""
    names, name_at = b"", {}
    for name in ("pictures", *files):
        name_at[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    data, data_at = b"", {}
    for name, (content, compressed) in files.items():
        stored = struct.pack(">I", len(content)) + zlib.compress(content) if compressed else content
        data_at[name] = len(data)
        data += struct.pack(">I", len(stored)) + stored
    tree = struct.pack(">IHIIQ", 0, 2, 1, 1, 0) + struct.pack(">IHIIQ", name_at["pictures"], 2, len(files), 2, 0)
    for name, (_, compressed) in files.items():
        tree += struct.pack(">IHIIQ", name_at[name], int(compressed), 0, data_at[name], 0)
    start = 20
    return (
        struct.pack(">4s4I", b"qres", 2, start, start + len(tree), start + len(tree) + len(data)) + tree + data + names
    )


PICTURES = {"a.webp": (b"first picture", False), "b.jpg": (b"second " * 9, True)}


def test_a_qt_resource_file_is_read():
    assert dict(read_rcc(rcc(PICTURES))) == {f"pictures/{name}": content for name, (content, _) in PICTURES.items()}


@pytest.mark.parametrize("blob", [b"", b"qres", b"nothing of the kind, but long enough for a header"])
def test_another_file_is_told(blob):
    with pytest.raises(UserError, match=r"\.rcc file of the package cannot be read"):
        dict(read_rcc(blob))


def test_a_folder_within_itself_ends():
    blob = bytearray(rcc(PICTURES))
    struct.pack_into(">I", blob, 20 + 22 + 10, 1)  # the children of `pictures` begin with itself
    with pytest.raises(UserError, match="contains itself"):
        dict(read_rcc(bytes(blob)))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of the name ``views``, in the place of the archive's."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg-deb")
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: views\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: views\n"
    )
    (tree / "usr" / "share").mkdir(parents=True)
    (tree / "usr" / "share" / "sea.jpg").write_bytes(b"sea")
    (tree / "usr" / "share" / "more.rcc").write_bytes(rcc(PICTURES))
    archive = tmp_path / "views.deb"
    subprocess.run(["dpkg-deb", "-b", str(tree), str(archive)], check=True, capture_output=True)
    monkeypatch.setattr(debian_packages, "_download", lambda name, folder: archive)


def test_files_of_a_package_are_laid_under_their_paths(package, tmp_path):
    wanted = ["usr/share/sea.jpg", "usr/share/more.rcc/pictures/b.jpg", "usr/share/gone.jpg", "usr/none.rcc/a.jpg"]
    missing = obtain_files("views", wanted, tmp_path / "out")
    assert missing == ["usr/share/gone.jpg", "usr/none.rcc/a.jpg"]
    assert (tmp_path / "out" / "usr/share/sea.jpg").read_bytes() == b"sea"
    assert (tmp_path / "out" / "usr/share/more.rcc/pictures/b.jpg").read_bytes() == PICTURES["b.jpg"][0]
    assert sorted(p.name for p in (tmp_path / "out").rglob("*") if p.is_file()) == ["b.jpg", "sea.jpg"]


def test_without_apt_the_page_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(debian_packages.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"no apt-get.*https://packages\.debian\.org/bookworm/views.*data\.root/views"):
        obtain_files("views", ["a.jpg"], tmp_path)


def test_what_apt_refuses_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(debian_packages.shutil, "which", lambda name: name)
    refusal = subprocess.CompletedProcess([], 100, "", "W: none\nE: Unable to locate package views\n")
    monkeypatch.setattr(debian_packages.subprocess, "run", lambda *args, **options: refusal)
    with pytest.raises(UserError, match=r"apt-get download` failed \(E: Unable to locate package views\).*apt-get upd"):
        obtain_files("views", ["a.jpg"], tmp_path)
