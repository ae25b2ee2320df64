"""Being told to stop: a flag and no exception, looked at between the arms too; the second control-C ends at once."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from jaxgan import report
from jaxgan.backend import processes
from jaxgan.commands.experiment import main
from jaxgan.runs import folder
from jaxgan.training import loop
from jaxgan.training.stopping import Interrupted, heeding_signals, stop_if_told, told_to_stop
from tests.commands.test_experiment import EXPERIMENT

pytestmark = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals reach the main thread only"
)


def send(number):
    os.kill(os.getpid(), number)
    time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_flag_until_the_block_ends(number):
    before = signal.getsignal(number)
    with heeding_signals():
        with heeding_signals():
            stop_if_told("not yet")
            send(number)
        assert told_to_stop()
        with pytest.raises(Interrupted, match="now") as raised:
            stop_if_told("now")
        assert raised.value.status == 128 + number
    assert not told_to_stop() and signal.getsignal(number) == before


def test_the_second_control_c_ends_the_process_at_once_and_without_a_trace():
    program = (
        "import os, signal, time\n"
        "from jaxgan.training.stopping import heeding_signals\n"
        "with heeding_signals():\n"
        "    for _ in range(2):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(0.01)\n"
        "    print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines() == [
        "stopping at the next step that can be continued; control-C again stops at once",
        "stopped at once; the same command continues from the last checkpoint",
    ]


@pytest.mark.slow  # three processes that compile
def test_a_signal_at_the_last_step_of_an_arm_stops_before_the_next(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report, "write_run", lambda *_, **__: None)
    monkeypatch.setattr(loop, "_silent", lambda *_: [])
    real = folder.log

    def log(directory, lines):
        real(directory, lines)
        if lines[0]["step"] == 20:
            send(signal.SIGTERM)

    monkeypatch.setattr(folder, "log", log)
    arguments = ["--workdir", str(tmp_path / "run")]
    assert main(EXPERIMENT, arguments) == 143
    assert capsys.readouterr().err.endswith("ring stopped before packed; the same command goes on with it\n")
    assert (tmp_path / "run" / "plain" / "summary.json").exists()
    assert not (tmp_path / "run" / "packed").exists()


def test_nobody_has_to_read_what_is_said():
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        processes.say("read", stream)
        assert os.read(read, 100) == b"read\n"
        os.close(read)
        for _ in range(3):
            processes.say("not read", stream)
