"""The supervisor: it brings back what ends, ends what it started, and leaves no strays when it is killed itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.processes import Child, Program, Supervisor, free_port, port_is_free, programs
from portal.environment import BASE_DIR
from tests.running import wait_until

SLEEPER = ("sleep", "600")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_what_ends_is_started_again(tmp_path: Path) -> None:
    child = Child(Program("sleeper", SLEEPER, "web"), tmp_path)
    child.start()
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not is_alive(first))
    child.keep_up()
    assert child.process is None  # after a pause, which grows while it keeps ending at once
    assert child.pause == 2.0
    child.due = 0
    child.keep_up()
    assert is_alive(pid_of(child))
    child.ask_to_stop()
    child.wait_stopped(time.monotonic())


def test_stop_ends_also_those_that_do_not_listen(tmp_path: Path) -> None:
    wanted = [Program("sleeper", SLEEPER, "web"), Program("stubborn", STUBBORN, "web", stop_seconds=0.5)]
    supervisor = Supervisor(wanted, tmp_path)
    supervisor.start("stubborn")
    assert supervisor.children[0].process is None
    supervisor.start()
    wait_until(lambda: "deaf" in (tmp_path / "stubborn.log").read_text(), describe="it ignores SIGTERM by now")
    pids = [pid_of(child) for child in supervisor.children]
    assert supervisor.all_up()
    supervisor.stop()
    assert not any(is_alive(pid) for pid in pids)
    assert not supervisor.all_up()


def test_a_killed_supervisor_leaves_no_strays(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agents.processes import *;"
        "c = Child(Program('sleeper', ('sleep', '600'), 'web'), Path(sys.argv[1])); c.start();"
        "print(c.process.pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=BASE_DIR
    )
    assert supervisor.stdout is not None
    stray = int(supervisor.stdout.readline())
    assert is_alive(stray)
    supervisor.kill()
    supervisor.communicate(timeout=10)
    wait_until(lambda: not is_alive(stray), seconds=10)


def test_a_program_is_told_its_role_and_its_output_is_kept(tmp_path: Path) -> None:
    child = Child(Program("teller", ("sh", "-c", "echo as $HANDRAIL_DB_ROLE $MORE"), "mailer", {"MORE": "x"}), tmp_path)
    child.start()
    wait_until(lambda: (tmp_path / "teller.log").exists() and (tmp_path / "teller.log").read_text() == "as mailer x\n")
    assert child.process is not None
    child.process.wait(10)


def test_a_port_in_use_is_known() -> None:
    port = free_port()
    assert port_is_free("127.0.0.1", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not port_is_free("127.0.0.1", port)


def test_each_program_runs_as_one_role_and_nobody_as_the_owner() -> None:
    wanted = programs(port=8000, bind="127.0.0.1", run_directory=Path("/run"), web_workers=2)
    roles = {program.name: program.role for program in wanted}
    assert roles == {"web": "web", "worker": "worker", "indexer": "worker", "mailer": "mailer", "beat": "worker"}


def test_people_never_wait_behind_indexing() -> None:
    wanted = programs(port=8000, bind="127.0.0.1", run_directory=Path("/run"), web_workers=2)
    queues = {p.name: set(p.command[p.command.index("-Q") + 1].split(",")) for p in wanted if "-Q" in p.command}
    assert queues == {"worker": {"interactive", "triage"}, "indexer": {"index", "watch"}, "mailer": {"mail"}}


@pytest.mark.parametrize(("role", "sees"), [("worker", True), ("web", False), ("mailer", False)])
def test_none_but_workers_are_handed_the_key_of_the_chat_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, sees: bool
) -> None:
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY", "sk-secret")
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY_FILE", "/run/secrets/key")
    printing = "import os; print([name for name in os.environ if 'LLM_API_KEY' in name], 'end', flush=True)"
    child = Child(Program("printer", (sys.executable, "-c", printing), role), tmp_path)
    child.start()
    wait_until(lambda: child.log_file.is_file() and "end" in child.log_file.read_text())
    assert ("LLM_API_KEY" in child.log_file.read_text()) is sees
    child.wait_stopped(time.monotonic())
