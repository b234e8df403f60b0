"""What a benchmark is given: programs, folders, how often and how much."""

import json
import pathlib
import shutil
import subprocess
import sys

from harness import kernel


class Context:
    """`rounds` of each side; `stored` messages in a full store; `quick`: as little as still goes through everything."""

    def __init__(self, build, folder, rounds, quick, stored):
        self.build, self.folder = pathlib.Path(build), pathlib.Path(folder).resolve()
        self.rounds, self.quick, self.stored = rounds, quick, stored
        self.folder.mkdir(parents=True, exist_ok=True)

    def amount(self, whole, small):
        """How much of something: `whole`, or `small` in a quick try."""
        return small if self.quick else whole

    def program(self, name):
        path = self.build / "bin" / name
        if not path.exists():
            raise RuntimeError(f"{path} is not there: build the target bench")
        return str(path)

    @property
    def adapters(self):
        return str(self.build / "lib" / "sluis" / "adapters")

    def measure(self, program, *words, **options):
        """One run of a measuring program of ours: its report, with the flushes of the disk while it ran."""
        before = kernel.flushes(self.folder)
        report = run_report([self.program(program), *words, *_as_words(options)])
        report["flushes"] = kernel.flushes(self.folder) - before
        return report

    def count_syncs(self, program, *words, **options):
        """fsync and fdatasync calls of the measured region, by a run of its own under strace; None without strace."""
        log = self.folder / "syncs.log"
        command = kernel.under_strace([self.program(program), *words, *_as_words(options)], log)
        if command is None:
            return None
        report = run_report(command)
        return kernel.syncs_between(log, report["begun_at"], report["ended_at"])

    def fresh(self, name):
        """An empty folder; what an earlier run left in it goes."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def alternate(self, sides):
        """Runs every side in turn, `rounds` times: {name: [report, …]}. A side is a function of the round's number."""
        reports = {name: [] for name in sides}
        for number in range(self.rounds):
            for name, side in sides.items():
                reports[name].append(side(number))
            print(f"   round {number + 1} of {self.rounds}", file=sys.stderr, flush=True)
        return reports


def run_report(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def _as_words(options):
    return [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
