"""What a function may rely on, and what ends it: real processes, no HTTP."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.gateway import container
from local.gateway.activations import Activation, Activations
from local.gateway.outcome import Ending
from local.gateway.pool import KEEP_WARM, Pool
from local.gateway.project import Function, read

if TYPE_CHECKING:
    from tests.local.conftest import ProjectFolder


class Runner:
    """Runs the one function `shop/hello` of a project."""

    def __init__(self, project: "ProjectFolder") -> None:
        self.project = project
        self.now = 0.0
        self.written: list[str] = []
        self.pool = Pool(project.root / "run", lambda _, line: self.written.append(line), lambda: self.now)
        self.activations = Activations(self.pool, "http://localhost:7001")
        self.settings: dict[str, Any] = {}

    def define(self, code: str, **settings: Any) -> Function:
        self.project.packages.clear()
        self.project.function("shop/hello", code, **settings)
        return read(self.project.root, {}).functions["shop/hello"]

    def run(self, function: Function, **event: Any) -> Activation:
        return self.activations.invoke(function, event)[1].result(20)

    def result(self, code: str, **event: Any) -> Any:
        activation = self.run(self.define(code), **event)
        assert activation.outcome.ending is Ending.RETURNED, activation
        return activation.outcome.result


@pytest.fixture
def runner(project: "ProjectFolder") -> Iterator[Runner]:
    runner = Runner(project)
    yield runner
    runner.pool.close()
    runner.activations.close()


class TestSurroundings:
    def test_environment_holds_its_own_variables_and_nothing_of_ours(
        self, runner: Runner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OF_THE_PARENT", "a secret of ours")
        code = """
            import os, subprocess
            def main():
                shown = subprocess.run(["ps", "-E" if os.uname().sysname == "Darwin" else "e", str(os.getpid())],
                                       capture_output=True, text=True).stdout
                return {**os.environ, "SHOWN": shown}
        """
        environment = runner.run(runner.define(code, environment={"MINE": "é"})).outcome.result
        assert environment.pop("MINE") == "é"
        assert "a secret of ours" not in environment.pop("SHOWN")
        ours = {name for name in environment if not name.startswith("__OW_")}
        assert ours <= {"HOME", "PATH"}
        assert sorted(set(environment) - ours) == [
            "__OW_ACTION_NAME",
            "__OW_ACTION_VERSION",
            "__OW_ACTIVATION_ID",
            "__OW_API_HOST",
            "__OW_DEADLINE",
            "__OW_NAMESPACE",
            "__OW_TRANSACTION_ID",
        ]

    def test_module_is_called_main_without_its_dunder_and_its_folder_is_last_on_the_path(self, runner: Runner) -> None:
        code = "import os, sys\ndef main(): return {'name': __name__, 'path': sys.path, 'here': os.getcwd()}"
        result = runner.result(code)
        assert result["name"] == "main__"
        assert result["path"][-1] == result["here"]
        assert result["path"][0].endswith("site-packages")
        assert "" not in result["path"]

    def test_installed_packages_and_included_folders_of_lib_can_be_imported(self, runner: Runner) -> None:
        runner.project.write("lib/rules/__init__.py", "ANSWER = 42")
        function = runner.define("import boto3, rules\ndef main(): return {'answer': rules.ANSWER}")
        runner.project.write(
            "packages/shop/hello/.include", "__main__.py\n../../../lib/rules\n../../../lib/virtualenv\n"
        )
        assert runner.run(function).outcome.result == {"answer": 42}

    def test_context_says_who_and_where_and_for_how_long(self, runner: Runner) -> None:
        code = """
            def main(event, context):
                return {**vars(context), "left": context.get_remaining_time_in_millis()}
        """
        activation = runner.run(runner.define(code, limits={"timeout": 5000}))
        context = activation.outcome.result
        assert context["function_name"] == "/fn-local/shop/hello"
        assert context["namespace"] == "fn-local"
        assert context["activation_id"] == activation.id
        assert context["api_host"] == "http://localhost:7001"
        assert context["api_key"] == ""
        assert isinstance(context["deadline"], int)
        assert 0 < context["left"] <= 5000
        assert {"function_version", "request_id"} <= set(context)


class TestCall:
    @pytest.mark.parametrize(
        ("signature", "seen"),
        [("", []), ("event", ["event"]), ("event, context", ["event", "context"]), ("*a, **k", [])],
    )
    def test_arguments_are_given_by_the_count_that_the_function_declares(
        self, runner: Runner, signature: str, seen: list[str]
    ) -> None:
        code = f"def main({signature}):\n    return {{'seen': sorted(locals(), reverse=True)}}"
        given = [name for name in runner.result(code)["seen"] if name in ("event", "context")]
        assert given == seen

    def test_parameters_come_with_the_payload_which_wins(self, runner: Runner) -> None:
        function = runner.define("def main(event): return event", parameters={"a": 1, "b": 1})
        assert runner.run(function, b=2).outcome.result == {"a": 1, "b": 2}

    def test_another_handler_may_be_named(self, runner: Runner) -> None:
        function = runner.define("def handle(): return {'by': 'handle'}", main="handle")
        assert runner.run(function).outcome.result == {"by": "handle"}

    @pytest.mark.parametrize("value", ["None", "[]", "''", "0", "False"])
    def test_nothing_counts_as_an_empty_dictionary(self, runner: Runner, value: str) -> None:
        assert runner.result(f"def main(): return {value}") == {}


class TestBadResults:
    @pytest.mark.parametrize("value", ["[1]", "'text'", "1", "{'a': float('nan')}", "float('inf')"])
    def test_anything_but_a_dictionary_of_json_is_refused(self, runner: Runner, value: str) -> None:
        outcome = runner.run(runner.define(f"def main(): return {value}")).outcome
        assert outcome.ending is Ending.NO_DICTIONARY
        assert outcome.result == {"error": "The action did not return a dictionary."}

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            (
                "import datetime\ndef main(): return {'at': datetime.datetime.now()}",
                "datetime is not JSON serializable",
            ),
            ("def main(): return {'raw': b'x'}", "bytes is not JSON serializable"),
            ("async def main(): return {}", "coroutine is not JSON serializable"),
            ("def main(): return {'a': chr(0xd800)}", "surrogates not allowed"),
        ],
    )
    def test_what_is_no_json_ends_the_process_and_says_why(self, runner: Runner, code: str, said: str) -> None:
        activation = runner.run(runner.define(code))
        assert activation.outcome.ending is Ending.CRASHED
        assert any(said in line for line in activation.lines), activation.lines

    def test_exit_ends_the_process(self, runner: Runner) -> None:
        outcome = runner.run(runner.define("import sys\ndef main(): sys.exit(3)")).outcome
        assert (outcome.ending, outcome.detail) == (Ending.CRASHED, "it ended itself with exit code 3")

    def test_a_segmentation_fault_is_named(self, runner: Runner) -> None:
        code = "import os, signal\ndef main(): os.kill(os.getpid(), signal.SIGSEGV)"
        assert runner.run(runner.define(code)).outcome.detail == "it was killed by SIGSEGV"

    def test_an_exception_becomes_an_error_and_its_traceback_reaches_the_terminal(self, runner: Runner) -> None:
        function = runner.define("def main(): raise ValueError('boom')")
        activation = runner.run(function)
        assert activation.outcome.result == {"error": "boom"}
        assert not activation.outcome.succeeded
        assert activation.lines[0].startswith("Traceback")
        assert activation.lines[-1] == "ValueError: boom"
        assert not any("launcher.py" in line for line in activation.lines)
        assert "ValueError: boom" in runner.written
        assert runner.run(function).warm

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
            ("def main(:", "invalid syntax"),
            ("other = 1", "has no attribute 'main'"),
            ("raise SystemExit(4)", "exit code 4"),
        ],
    )
    def test_what_cannot_be_imported_is_told_and_tried_again(self, runner: Runner, code: str, said: str) -> None:
        function = runner.define(code)
        for _ in range(2):
            outcome = runner.run(function).outcome
            assert outcome.ending is Ending.NOT_STARTED
            assert said in outcome.detail

    def test_a_folder_that_cannot_be_deployed_is_told(self, runner: Runner) -> None:
        function = runner.define("def main(): return {}")
        runner.project.write("packages/shop/hello/.include", "__main__.py\n../../../lib/gone\n")
        outcome = runner.run(function).outcome
        assert outcome.ending is Ending.NOT_STARTED
        assert "lib/gone" in outcome.detail


class TestLimits:
    def test_time_over_ends_it_and_the_next_call_gets_a_new_process(self, runner: Runner) -> None:
        code = "import time\ndef main(event): time.sleep(event['seconds'])"
        function = runner.define(code, limits={"timeout": 2000})
        assert runner.run(function, seconds=60).outcome.ending is Ending.TIMED_OUT
        again = runner.run(function, seconds=0)
        assert again.outcome.succeeded
        assert not again.warm

    def test_a_hanging_import_is_ended_too(self, runner: Runner) -> None:
        function = runner.define("import time\ntime.sleep(60)", limits={"timeout": 300})
        assert runner.run(function).outcome.ending is Ending.TIMED_OUT

    def test_whatever_the_function_started_ends_with_it(self, runner: Runner) -> None:
        code = """
            import subprocess, time
            def main(event):
                child = subprocess.Popen(["sleep", "60"])
                print(child.pid, flush=True)
                time.sleep(60)
        """
        activation = runner.run(runner.define(code, limits={"timeout": 1500}))
        assert activation.outcome.ending is Ending.TIMED_OUT
        assert not running(int(activation.lines[0]))

    def test_memory_over_ends_it_while_it_runs(self, runner: Runner) -> None:
        code = "import time\ndef main():\n    held = b'x' * 200_000_000\n    time.sleep(60)"
        outcome = runner.run(runner.define(code, limits={"memory": 128, "timeout": 20_000})).outcome
        assert outcome.ending is Ending.OUT_OF_MEMORY
        assert outcome.detail.endswith(" MB")

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak")
    def test_memory_over_ends_it_even_if_nobody_looked_in_time(
        self, runner: Runner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(container, "_GLANCE", 20.0)
        code = "def main():\n    held = b'x' * 200_000_000\n    del held\n    return {}"
        outcome = runner.run(runner.define(code, limits={"memory": 128, "timeout": 20_000})).outcome
        assert outcome.ending is Ending.OUT_OF_MEMORY

    def test_threads_and_reserved_addresses_are_not_memory(self, runner: Runner) -> None:
        code = """
            import mmap, threading
            def main():
                reserved = mmap.mmap(-1, 2_000_000_000)
                threads = [threading.Thread(target=str) for _ in range(50)]
                for thread in threads: thread.start()
                return {"fine": True}
        """
        assert runner.run(runner.define(code, limits={"memory": 128})).outcome.result == {"fine": True}

    @pytest.mark.parametrize(("length", "ending"), [(1_048_566, Ending.RETURNED), (1_048_567, Ending.TOO_LARGE)])
    def test_a_result_may_have_one_megabyte(self, runner: Runner, length: int, ending: Ending) -> None:
        function = runner.define("def main(event): return {'r': 'x' * (event['length'])}")
        assert len('{"r": ""}') == 9
        assert runner.run(function, length=length + 1).outcome.ending is ending

    def test_a_flood_is_not_read_to_its_end(self, runner: Runner) -> None:
        function = runner.define("def main(): return {'r': 'x' * 50_000_000}", limits={"memory": 1024})
        assert runner.run(function).outcome.ending is Ending.TOO_LARGE

    def test_logs_are_cut_at_their_limit_and_say_so(self, runner: Runner) -> None:
        code = "def main():\n    for _ in range(100): print('x' * 99)"
        lines = runner.run(runner.define(code, limits={"logs": 1})).lines
        assert len(lines) == 11
        assert "limits.logs" in lines[-1]


class TestWarmth:
    COUNTER = "calls = []\ndef main():\n    calls.append(1)\n    return {'calls': len(calls)}"

    def test_globals_survive_between_calls(self, runner: Runner) -> None:
        function = runner.define(self.COUNTER)
        assert [runner.run(function).outcome.result["calls"] for _ in range(3)] == [1, 2, 3]

    @pytest.mark.parametrize("path", ["packages/shop/hello/__main__.py", "lib/rules/__init__.py"])
    def test_an_edit_takes_effect_with_the_next_call(self, runner: Runner, path: str) -> None:
        runner.project.write("lib/rules/__init__.py", "ANSWER = 1")
        function = runner.define("import rules\nANSWER = rules.ANSWER\ndef main(): return {'answer': ANSWER}")
        runner.project.write("packages/shop/hello/.include", "__main__.py\n../../../lib/rules\n")
        assert runner.run(function).outcome.result == {"answer": 1}
        file = runner.project.root / path
        file.write_text(file.read_text().replace("ANSWER = rules.ANSWER", "ANSWER = 22").replace("= 1", "= 22"))
        changed = runner.run(function)
        assert changed.outcome.result == {"answer": 22}
        assert not changed.warm

    def test_calls_that_overlap_get_a_process_each(self, runner: Runner) -> None:
        code = """
            import os, time
            def main(event):
                open(f"{event['folder']}/{os.getpid()}", "w").close()
                deadline = time.time() + 10
                while len(os.listdir(event["folder"])) < 2 and time.time() < deadline:
                    time.sleep(0.01)
                return {"together": len(os.listdir(event["folder"]))}
        """
        function = runner.define(code, limits={"timeout": 15_000})
        folder = runner.project.root / "meeting"
        folder.mkdir()
        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(lambda _: runner.run(function, folder=str(folder)).outcome.result, range(2)))
        assert results == [{"together": 2}] * 2

    def test_idle_processes_end_after_a_while(self, runner: Runner) -> None:
        function = runner.define("import os\ndef main(): return {'pid': os.getpid()}")
        pid = runner.run(function).outcome.result["pid"]
        runner.now += KEEP_WARM
        runner.pool.close_idle()
        assert running(pid)
        runner.now += 1
        runner.pool.close_idle()
        assert not running(pid)

    def test_output_between_and_after_calls_is_not_mixed_up(self, runner: Runner) -> None:
        function = runner.define("def main(event): print(event['n'], end='')")
        assert [runner.run(function, n=n).lines for n in (1, 2)] == [("1",), ("2",)]

    def test_closing_ends_calls_at_work(self, runner: Runner) -> None:
        function = runner.define("import time\ndef main():\n    print('at work', flush=True)\n    time.sleep(60)")
        at_work = threading.Event()
        runner.written = type("Heard", (list,), {"append": lambda *_: at_work.set()})()
        future = runner.activations.invoke(function, {})[1]
        assert at_work.wait(10)
        runner.pool.close()
        assert future.result(10).outcome.ending is Ending.CRASHED


def running(pid: int) -> bool:
    """Whether the process is there, and not a mere entry that nobody has collected yet."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return shown.strip() != "" and not shown.startswith("Z")
