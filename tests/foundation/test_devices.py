"""Which devices there are: as nvidia-smi lists them, as the user leaves them, as they are handed on."""

from pathlib import Path

import pytest

from reprompt.foundation import devices
from reprompt.foundation.devices import WHOLE, Device, found, given, in_words, torch_has_cuda, total_memory

TWO = """0, GPU-aaaa-1, 81559, Default, Disabled, NVIDIA H100 80GB HBM3
1, GPU-bbbb-2, 81559, Default, [N/A], NVIDIA H100 80GB HBM3
"""
DIFFERENT = TWO.replace("81559, Default, [N/A], NVIDIA H100 80GB HBM3", "24564, Default, [N/A], NVIDIA RTX 4090")
CUT = "0, GPU-aaaa-1, 81559, Default, Enabled, NVIDIA H100\n1, GPU-bbbb-2, 81559, Default, Disabled, NVIDIA H100\n"
PARTS = """GPU 0: NVIDIA H100 (UUID: GPU-aaaa-1)
  MIG 3g.40gb     Device  0: (UUID: MIG-0000-1)
  MIG 1c.2g.20gb  Device  1: (UUID: MIG-GPU-aaaa-1/5/0)
GPU 1: NVIDIA H100 (UUID: GPU-bbbb-2)
"""
H100 = 85521  # MB


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPROMPT_DEVICES", "REPROMPT_DEVICE", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(devices, "torch_has_cuda", lambda: True)


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a command of that name on the path, which prints a table and, for -L, a list."""

    def put(table: str, parts: str = "", code: int = 0) -> None:
        (tmp_path / "table").write_text(table)
        (tmp_path / "parts").write_text(parts)
        script = f'#!/bin/sh\ncase "$1" in -L) cat {tmp_path}/parts;; *) cat {tmp_path}/table;; esac\nexit {code}\n'
        (tmp_path / "nvidia-smi").write_text(script)
        (tmp_path / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return put


def test_without_nvidia_smi_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found() == []
    assert total_memory() == 0


def test_every_gpu_is_a_device_with_its_memory(nvidia_smi) -> None:
    nvidia_smi(TWO)
    assert found() == [Device("GPU-aaaa-1", H100), Device("GPU-bbbb-2", H100)]
    assert total_memory() == 2 * H100


def test_of_a_gpu_in_parts_every_part_is_a_device(nvidia_smi) -> None:
    nvidia_smi(CUT, PARTS)
    parts = [Device("MIG-0000-1", 36_000), Device("MIG-GPU-aaaa-1/5/0", WHOLE)]  # the second shares its memory
    assert found() == [*parts, Device("GPU-bbbb-2", H100)]


def test_a_gpu_to_be_cut_that_has_no_parts_is_left_alone(nvidia_smi, capsys: pytest.CaptureFixture) -> None:
    nvidia_smi(CUT, "GPU 0: NVIDIA H100 (UUID: GPU-aaaa-1)\n")
    assert [device.name for device in found()] == ["GPU-bbbb-2"]
    assert "GPU 0 is in MIG mode and has no parts" in capsys.readouterr().err


def test_compute_modes_are_respected(nvidia_smi) -> None:
    nvidia_smi(TWO.replace("81559, Default, Dis", "81559, Exclusive_Process, Dis").replace("Default", "Prohibited"))
    assert found() == [Device("GPU-aaaa-1", WHOLE)]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("1", ["GPU-bbbb-2"]),
        ("1,0", ["GPU-bbbb-2", "GPU-aaaa-1"]),
        ("GPU-bb", ["GPU-bbbb-2"]),
        ("", []),
        ("-1", []),
        ("0,-1,1", ["GPU-aaaa-1"]),  # CUDA stops at the first that it does not know
        ("GPU-", []),  # which of the two?
        ("0,7", ["GPU-aaaa-1"]),
        ("NoDevFiles", []),
    ],
)
def test_cuda_visible_devices_holds_as_cuda_reads_it(nvidia_smi, monkeypatch, asked: str, names: list[str]) -> None:
    nvidia_smi(TWO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", asked)
    assert [device.name for device in found()] == names


def test_a_part_can_be_asked_for_and_an_index_means_the_first_part(nvidia_smi, monkeypatch) -> None:
    nvidia_smi(CUT, PARTS)
    for asked, name in (("MIG-GPU-aaaa-1/5/0", "MIG-GPU-aaaa-1/5/0"), ("0", "MIG-0000-1")):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", asked)
        assert [device.name for device in found()] == [name]


def test_an_index_among_different_cards_is_refused_unless_they_are_counted_by_bus(nvidia_smi, monkeypatch) -> None:
    nvidia_smi(DIFFERENT)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    with pytest.raises(ValueError, match="CUDA_DEVICE_ORDER=PCI_BUS_ID"):
        found()
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert [device.name for device in found()] == ["GPU-bbbb-2"]


def test_a_user_who_wants_the_cpu_has_no_devices(nvidia_smi, monkeypatch: pytest.MonkeyPatch) -> None:
    nvidia_smi(TWO)
    monkeypatch.setenv("REPROMPT_DEVICE", "cpu")
    assert found() == []


def test_what_cannot_be_used_is_said(nvidia_smi, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    nvidia_smi("NVIDIA-SMI has failed because it couldn't communicate with the driver.", code=9)
    assert found() == []
    assert "couldn't communicate with the driver" in capsys.readouterr().err
    nvidia_smi(TWO)
    monkeypatch.setattr(devices, "torch_has_cuda", lambda: False)
    assert found() == []
    assert "built without CUDA" in capsys.readouterr().err


def test_a_list_that_is_given_is_taken_and_handed_on_unchanged(nvidia_smi, monkeypatch) -> None:
    nvidia_smi(TWO)
    monkeypatch.setenv("REPROMPT_DEVICES", "GPU-a:80000, MIG-GPU-b/1/0")
    listed = [Device("GPU-a", 80_000), Device("MIG-GPU-b/1/0", WHOLE)]
    assert found() == given() == listed
    monkeypatch.setenv("REPROMPT_DEVICES", in_words(listed))
    assert given() == listed
    monkeypatch.setenv("REPROMPT_DEVICES", "")
    assert found() == []


@pytest.mark.parametrize("entry", ["GPU-a:", "GPU-a:80 GB", "GPU-a:0"])
def test_a_list_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("REPROMPT_DEVICES", entry)
    with pytest.raises(ValueError, match="NAME:MEGABYTES"):
        given()


@pytest.mark.parametrize(("said", "has"), [("Optional[str] = '13.2'", True), ("Optional[str] = None", False)])
def test_pytorch_says_whether_it_has_cuda_without_being_imported(tmp_path, monkeypatch, said: str, has: bool) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / "torch/version.py").write_text(f"__version__ = '2'\ncuda: {said}\nhip: Optional[str] = None\n")

    class Spec:
        origin = str(tmp_path / "torch/__init__.py")

    monkeypatch.setattr("importlib.util.find_spec", lambda name: Spec)
    assert torch_has_cuda() is has
